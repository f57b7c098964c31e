//! The shipped worlds, and what a world answers.

use super::*;

fn bare() -> World {
    World::named("bare").unwrap_or_else(|faults| panic!("{}", shown(&faults).join("\n")))
}

fn shown(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn the_shipped_worlds_hold_what_they_promise() {
    let world = bare();
    assert_eq!(shown(&world.check_expectations(Instant::MIN_UTC)), Vec::<String>::new());
    assert!(world.scenario().expect.len() >= 28, "no expectation was dropped");
}
