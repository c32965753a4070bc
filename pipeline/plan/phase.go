package plan

// Phase is one of the three steps on the way to an agent image.
type Phase string

const (
	// PhaseBuilder makes the builder, once for a run.
	PhaseBuilder Phase = "builder"
	// PhaseBase makes a base image: an official image and the packages that the agent server needs
	// around it.
	PhaseBase Phase = "base"
	// PhaseAssemble makes an agent image: a base image and the agent server.
	PhaseAssemble Phase = "assemble"
)

// Unit is what one unit of work is called on the terminal and in errors: "assemble
// django__django-11099".
func Unit(phase Phase, instance string) string {
	if instance == "" {
		return string(phase)
	}
	return string(phase) + " " + instance
}
