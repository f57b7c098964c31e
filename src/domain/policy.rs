//! What the service reads from a resource's XACML policy.

/// The lowest authentication level a policy asks of persons, if it asks for one.
///
/// All obligations are looked through: the one for organizations may come first.
///
/// # Errors
/// The document is not well-formed XML, or it holds a DTD.
pub fn minimum_level(xml: &str) -> Result<Option<i32>, roxmltree::Error> {
    let document = roxmltree::Document::parse(xml.trim_start_matches('\u{feff}'))?;
    let assignments = document.descendants().filter(|node| {
        node.tag_name().name() == "AttributeAssignmentExpression"
            && node.attribute("Category") == Some("urn:altinn:minimum-authenticationlevel")
    });
    let mut levels = assignments
        .flat_map(|assignment| assignment.children().filter(|child| child.tag_name().name() == "AttributeValue"))
        .filter_map(|value| value.text()?.trim().parse().ok());
    Ok(levels.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(obligations: &str) -> String {
        format!(
            "\u{feff}<x:Policy xmlns:x=\"urn:oasis:names:tc:xacml:3.0:core:schema:wd-17\"><x:Target/>\
             <x:ObligationExpressions>{obligations}</x:ObligationExpressions></x:Policy>"
        )
    }

    fn obligation(category: &str, value: &str) -> String {
        format!(
            "<x:ObligationExpression ObligationId=\"o\" FulfillOn=\"Permit\"><x:AttributeAssignmentExpression \
             AttributeId=\"a\" Category=\"urn:altinn:{category}\"><x:AttributeValue>{value}</x:AttributeValue>\
             </x:AttributeAssignmentExpression></x:ObligationExpression>"
        )
    }

    #[test]
    fn the_level_of_persons_counts_wherever_it_stands() {
        let org = obligation("minimum-authenticationlevel-org", "3");
        let person = obligation("minimum-authenticationlevel", "4");
        assert_eq!(minimum_level(&policy(&person)), Ok(Some(4)));
        assert_eq!(minimum_level(&policy(&format!("{org}{person}"))), Ok(Some(4)));
        assert_eq!(minimum_level(&policy(&org)), Ok(None));
        assert_eq!(minimum_level(&policy("")), Ok(None));
        assert_eq!(minimum_level(&policy(&obligation("minimum-authenticationlevel", "high"))), Ok(None));
    }

    #[test]
    fn broken_documents_and_dtds_are_refused() {
        assert!(minimum_level("<Policy>").is_err());
        assert!(minimum_level("<!DOCTYPE Policy><Policy/>").is_err());
    }
}
