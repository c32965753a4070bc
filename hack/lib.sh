# shellcheck shell=bash
# Shared by the scripts of this directory: run a long step and print its time. Source this file.

# step TITLE COMMAND... runs the command and shows its output.
step() {
	local title=$1 start=$SECONDS
	shift
	echo "==> $title"
	"$@"
	echo "==> $title: $((SECONDS - start)) s"
}
