//! Numbers of people and organizations that nobody has, and that every check accepts.

use uuid::Uuid;

use crate::domain::party::{completed_organization_number, completed_person_number};

/// What a number is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Person,
    Organization,
}

/// A synthetic number with its check digits: months of people count from 81, as in the national test population, and
/// organizations begin with 3 as there.
pub fn synthetic(kind: Kind) -> String {
    loop {
        let dice = Uuid::new_v4().as_u128();
        if let Some(number) = completed(kind, dice) {
            return number;
        }
    }
}

/// The number that `dice` falls on, if its digits can be completed: for about one in eleven no check digit would do.
fn completed(kind: Kind, dice: u128) -> Option<String> {
    let mut left = dice;
    let mut roll = |sides: u128| {
        let rolled = left % sides;
        left /= sides;
        rolled
    };
    match kind {
        Kind::Person => {
            // 28 days, so that every month has them.
            let (day, month, year) = (1 + roll(28), 81 + roll(12), roll(100));
            // The centuries of these serials reach from 1900 to 1999.
            let serial = roll(500);
            let stem = format!("{day:02}{month:02}{year:02}{serial:03}");
            completed_person_number(&stem)
        }
        Kind::Organization => {
            let stem = format!("3{:07}", roll(10_000_000));
            completed_organization_number(&stem)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::party::{is_organization_number, is_person_number};

    /// M-32
    #[test]
    fn every_number_passes_its_check_and_is_marked_as_synthetic() {
        for _ in 0..200 {
            let (person, organization) = (synthetic(Kind::Person), synthetic(Kind::Organization));
            assert!(is_person_number(&person), "{person}");
            assert!((81..=92).contains(&person[2..4].parse::<u32>().expect("digits")), "{person}");
            assert!(is_organization_number(&organization) && organization.starts_with('3'), "{organization}");
        }
    }
}
