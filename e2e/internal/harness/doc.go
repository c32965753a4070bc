// Package harness is what the end-to-end tests have in common. They test the module as its users
// meet it: through the dagger CLI on a real engine, with a real registry and sample official images.
// They look at the registry rather than at the module's own records. `make test` starts what they
// need; without that they fail and say so.
//
// Its words:
//
//   - A call ([CallModule]) is one `dagger call`, a process with an exit status. It loads the module,
//     which takes seconds.
//   - A session ([NewSession]) loads the module once and calls functions by the API. Tables of plans
//     and of errors go through one.
//   - A target ([NewTarget]) is the repositories of one test in the local registry, under a name drawn
//     at random: what another test or run left is not in it.
//   - A fleet ([NewFleet]) is a target whose official images and SDK are so small that there can be
//     hundreds of instances.
//   - A faulty fleet ([FaultyFleet]) reaches the registry through a proxy, which counts requests and
//     follows a script of faults.
//   - A relay makes that proxy a port of the engine's localhost, where the engine speaks plain HTTP.
//   - A stalled run ([StallTags]) is one whose workers all wait for the registry, so that a test can
//     end it in the middle.
//   - Integrity ([Target.AssertIntegrity]) is that every tag names a complete image, of its own parts.
//
// A reference such as localhost:5000/… is the engine's. Helpers turn it into the address by which
// this machine reaches the registry ([Reference]).
//
// Each folder of tests is a process of its own, and several run at a time. What a process makes has a
// name or a port that no other one takes.
package harness
