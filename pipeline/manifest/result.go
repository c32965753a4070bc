package manifest

// Result has the outcome of every image of a run.
type Result struct {
	// Requests is the number of requests that the direct publisher sent to the registry. Zero if
	// the engine did everything.
	Requests int
	// Builders has the builder's record, or none if the registry lacks it and nothing needed it.
	// Merged from several runs, it has one for each reference.
	Builders []Record
	// Bases are the records of the base images that the run looked at, in the plan's order. An
	// existing agent image needs no base, so the run does not look at its base.
	Bases []Record
	// Images are the records of all planned agent images, in the plan's order.
	Images []Record
}

// Count returns the number of agent images with a status.
func (r *Result) Count(status Status) int {
	n := 0
	for _, record := range r.Images {
		if record.Status == status {
			n++
		}
	}
	return n
}

// Unpublished returns the number of agent images that a run built without publishing: they have
// neither tags nor a digest.
func (r *Result) Unpublished() int {
	n := 0
	for _, record := range r.Images {
		if record.unpublished() {
			n++
		}
	}
	return n
}

// Failed returns the records of the failed agent images, in the plan's order.
func (r *Result) Failed() []Record {
	var failed []Record
	for _, record := range r.Images {
		if record.Status == StatusFailed {
			failed = append(failed, record)
		}
	}
	return failed
}
