//! Which route a path means, whatever case its literal segments are in.
//!
//! The router compares paths exactly. So that clients may write `/Api/V1/Enduser/Dialogs/…/`, a path that fits a known
//! template is rewritten to the template's spelling before it is routed; parameters stay as they are.

/// The templates of all routes.
#[derive(Debug)]
pub struct Templates(Vec<Template>);

#[derive(Debug)]
struct Template {
    text: &'static str,
    segments: Vec<&'static str>,
    parameters: usize,
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

impl Template {
    fn new(text: &'static str) -> Self {
        // The root has no segments.
        let segments: Vec<_> = text.split('/').skip(1).filter(|segment| !segment.is_empty()).collect();
        let parameters = segments.iter().filter(|segment| is_parameter(segment)).count();
        Self { text, segments, parameters }
    }

    fn fits(&self, path: &[&str]) -> bool {
        self.segments.len() == path.len()
            && self.segments.iter().zip(path).all(|(ours, theirs)| {
                // A parameter is never empty: `/dialogs//activities` is no dialog without an id.
                if is_parameter(ours) { !theirs.is_empty() } else { ours.eq_ignore_ascii_case(theirs) }
            })
    }
}

/// A path that fits a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    pub template: &'static str,
    /// In the template's spelling, without a slash at the end.
    pub path: String,
}

impl Templates {
    pub fn new(templates: impl IntoIterator<Item = &'static str>) -> Self {
        let mut templates: Vec<_> = templates.into_iter().map(Template::new).collect();
        // A literal segment goes before a parameter that would fit as well.
        templates.sort_by_key(|template| template.parameters);
        Self(templates)
    }

    /// The template that `path` fits. One slash at the end is tolerated.
    pub fn route(&self, path: &str) -> Option<Routed> {
        // One alone: clients write it by habit; two are another path.
        let bare = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<_> = bare.split('/').skip(1).collect();
        let template = self.0.iter().find(|template| template.fits(&segments))?;
        let spelled = template.segments.iter().zip(&segments);
        let path = spelled.fold(String::with_capacity(path.len()), |path, (ours, theirs)| {
            path + "/" + if is_parameter(ours) { theirs } else { ours }
        });
        let path = if path.is_empty() { "/".to_owned() } else { path };
        Some(Routed { template: template.text, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_lose_their_case_and_parameters_keep_it() {
        let templates = Templates::new([
            "/api/dialogs/{dialogId}",
            "/api/dialogs/{dialogId}/labels/{label}",
            "/api/dialogs/endusercontext",
            "/api/dialogs",
        ]);
        for (path, template, spelled) in [
            ("/API/Dialogs", "/api/dialogs", "/api/dialogs"),
            ("/api/dialogs/", "/api/dialogs", "/api/dialogs"),
            ("/api/DIALOGS/AbC", "/api/dialogs/{dialogId}", "/api/dialogs/AbC"),
            ("/api/dialogs/EndUserContext/", "/api/dialogs/endusercontext", "/api/dialogs/endusercontext"),
            ("/api/dialogs/1/LABELS/LABELS", "/api/dialogs/{dialogId}/labels/{label}", "/api/dialogs/1/labels/LABELS"),
            ("/api/dialogs/1/labels/a%2FB", "/api/dialogs/{dialogId}/labels/{label}", "/api/dialogs/1/labels/a%2FB"),
        ] {
            assert_eq!(templates.route(path), Some(Routed { template, path: spelled.to_owned() }), "{path}");
        }
        for path in ["", "/", "/api", "/api/dialogs//", "/api//dialogs", "/api/dialogs/1/labels", "/api/dialogs/1/2"] {
            assert_eq!(templates.route(path), None, "{path}");
        }
    }
}
