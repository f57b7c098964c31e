//! The page's tables: who may act for whom, and what dialogs can be about.

use super::{
    card::escaped,
    world::{Grant, Policy, Resource, World},
};

/// A row for every right that somebody has for somebody else.
pub fn grants(world: &World) -> String {
    let scenario = world.scenario();
    let somebody = |reference: &str| {
        let name = world.somebody(reference).map(|one| one.name.as_str()).unwrap_or_default();
        format!("{}<small>{}</small>", escaped(name), escaped(reference))
    };
    let first = scenario.resources.first().map(|resource| resource.id.as_str()).unwrap_or_default();
    let granted = scenario.grants.iter().map(|grant| {
        let resource = grant.resource.as_deref().unwrap_or(first);
        let question =
            [("who", grant.to.as_str()), ("action", "read"), ("resource", resource), ("party", &grant.party)];
        let question: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(question).finish();
        format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td><a href=\"?{}\">may they?</a></td></tr>\n",
            somebody(&grant.to),
            somebody(&grant.party),
            escaped(&by(grant)),
            escaped(&question),
        )
    });
    let series = scenario.series.iter().map(|series| {
        format!(
            "<tr><td>{}</td><td>{} organizations<small>{}</small></td><td>role {}</td><td></td></tr>\n",
            somebody(&series.to),
            series.count,
            escaped(&series.name),
            escaped(&series.role),
        )
    });
    granted.chain(series).collect()
}

/// What a grant gives, in words.
fn by(grant: &Grant) -> String {
    let what = match (&grant.role, &grant.package, &grant.resource) {
        (Some(role), ..) => format!("role {role}"),
        (_, Some(package), _) => format!("package {package}"),
        (.., Some(resource)) => format!("delegation of {resource}"),
        (None, None, None) => String::new(),
    };
    let instance = grant.instance.as_deref().map(|instance| format!(", only {instance}")).unwrap_or_default();
    let actions = grant.actions.as_deref().map(|actions| format!(", only {}", actions.join(", "))).unwrap_or_default();
    let until = grant.until.map(|until| format!(", until {until}")).unwrap_or_default();
    what + &instance + &actions + &until
}

/// A row for every resource.
pub fn resources(world: &World) -> String {
    let row = |resource: &Resource| {
        let title = resource.title.values().next().map(String::as_str).unwrap_or_default();
        format!(
            "<tr><td><code>{}</code><small>{}</small></td><td>{}<small>{}</small></td><td>{}</td></tr>\n",
            escaped(&resource.id),
            escaped(title),
            escaped(&resource.owner),
            escaped(&resource.kind),
            resource.policy.as_ref().map_or_else(|| "in XML".to_owned(), rules),
        )
    };
    world.scenario().resources.iter().map(row).collect()
}

/// Who may do what, a line each.
fn rules(policy: &Policy) -> String {
    let level = policy.level.map(|level| format!("from level {level}<br>")).unwrap_or_default();
    let lines = policy.rules.iter().map(|rule| {
        let (verdict, subjects) = match (&rule.permit, &rule.deny) {
            (Some(subjects), _) => ("", subjects),
            (None, Some(subjects)) => ("never ", subjects),
            (None, None) => return String::new(),
        };
        let on = rule.on.as_deref().map(|parts| format!(" on {}", parts.join(", "))).unwrap_or_default();
        escaped(&format!("{}: {verdict}{}{on}", subjects.join(", "), rule.actions.join(", "))) + "<br>"
    });
    level + &lines.collect::<String>()
}
