//! The known name that a client most probably meant.

/// The nearest of `known`, if it is near enough to be a slip of the pen.
fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let name = name.to_lowercase();
    // A third of the letters: in a short name one slip, in a long one three.
    let reach = (name.chars().count() / 3).clamp(1, 3);
    // Swapped letters count as one slip.
    let distances = known.into_iter().map(|known| (strsim::osa_distance(&name, &known.to_lowercase()), known));
    distances.filter(|(distance, _)| *distance <= reach).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// The same, but for names that nobody writes by hand: comparing costs by length.
pub fn meant<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    (name.len() <= 100).then(|| nearest(name, known.iter().copied())).flatten()
}

/// How an unknown name is mended.
pub fn hint(name: &str, known: &[&str]) -> String {
    match meant(name, known) {
        Some(meant) => format!("Did you mean `{meant}`?"),
        None if known.is_empty() => "Leave it out: none is taken here.".to_owned(),
        None => "Leave it out, or write one of the names in `allowed`.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-29
    #[test]
    fn slips_of_the_pen_are_recognised() {
        let known = ["title", "status", "party", "serviceResource", "limit"];
        for (name, meant) in [
            ("titel", Some("title")),
            ("staus", Some("status")),
            ("Statuss", Some("status")),
            ("serviceresorce", Some("serviceResource")),
            ("service_resource", Some("serviceResource")),
            ("lmit", Some("limit")),
            ("x", None),
            ("somethingElse", None),
        ] {
            assert_eq!(nearest(name, known), meant, "{name}");
        }
        assert_eq!(hint("titel", &known), "Did you mean `title`?");
    }
}
