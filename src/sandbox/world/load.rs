//! Where scenarios come from: those shipped with the program, and files.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::source::{Content, Node};
use super::{Fault, World, check, merge, xacml};

/// A scenario that is part of the program.
pub struct Shipped {
    pub name: &'static str,
    pub text: &'static str,
    /// Checked once per process: tests ask for the same one over and over.
    world: OnceLock<World>,
}

pub static SHIPPED: [Shipped; 2] = [
    Shipped { name: "default", text: include_str!("../../../scenarios/default.yaml"), world: OnceLock::new() },
    Shipped { name: "bare", text: include_str!("../../../scenarios/bare.yaml"), world: OnceLock::new() },
];

/// How many scenarios may extend one another: enough for people, an end for circles.
const DEEPEST_EXTENSION: usize = 8;

pub fn named(name_or_file: &str) -> Result<World, Vec<Fault>> {
    if let Some(shipped) = shipped(name_or_file) {
        return match shipped.world.get() {
            Some(world) => Ok(world.clone()),
            None => parse(shipped.text, None).map(|world| shipped.world.get_or_init(|| world).clone()),
        };
    }
    let (text, file) = text_of(name_or_file, None).map_err(|fault| vec![fault])?;
    parse(&text, file.as_deref())
}

pub fn parse(text: &str, origin: Option<&Path>) -> Result<World, Vec<Fault>> {
    let mut faults = Vec::new();
    match whole(text, origin, DEEPEST_EXTENSION, &mut faults) {
        Some((root, revocable)) if faults.is_empty() => check::build(&root, revocable),
        _ => Err(faults),
    }
}

fn shipped(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|shipped| shipped.name == name)
}

/// The document with what it extends below it, and how many expectations come from there.
fn whole(text: &str, origin: Option<&Path>, depth: usize, faults: &mut Vec<Fault>) -> Option<(Node, usize)> {
    let mut note = |fault| faults.push(fault);
    let mut root = Node::parse(text).map_err(&mut note).ok()?;
    policies_from_files(&mut root, origin).into_iter().for_each(&mut note);
    let Some(extends) = root.take("extends") else { return Some((root, 0)) };
    let fault = |text: &str| Fault { path: "extends".to_owned(), line: extends.line, text: text.to_owned() };
    let Some(name) = extends.text() else {
        note(fault("the name of a scenario or of a file"));
        return None;
    };
    if depth == 0 {
        note(fault("scenarios extend one another in a circle, or too deeply"));
        return None;
    }
    if origin.is_none() && shipped(name).is_none() {
        note(fault("a file can be named only in a scenario that is a file itself"));
        return None;
    }
    let (text, file) = text_of(name, origin).map_err(|problem| note(fault(&problem.text))).ok()?;
    let (base, _) = whole(&text, file.as_deref(), depth - 1, faults)?;
    let expected = base.member("expect").map_or(0, |list| list.items().len());
    // Its lines are those of another text.
    Some((merge::merge(base.without_lines(), &root, faults), expected))
}

/// Puts the content of policy files in the place of their names.
fn policies_from_files(root: &mut Node, origin: Option<&Path>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some(folder) = origin.and_then(Path::parent) else { return faults };
    for (index, resource) in root.member_mut("resources").map_or(&mut [][..], Node::items_mut).iter_mut().enumerate() {
        let Some(policy) = resource.member_mut("policy_xml") else { continue };
        let Some(name) = policy.text().filter(|text| !xacml::is_document(text)) else { continue };
        match std::fs::read_to_string(folder.join(name)) {
            Ok(xml) => policy.content = Content::Text(xml),
            Err(error) => faults.push(Fault {
                path: format!("resources[{index}].policy_xml"),
                line: policy.line,
                text: format!("{name}: {error}"),
            }),
        }
    }
    faults
}

/// A shipped scenario, or the content of a file beside `origin` and its path.
fn text_of(name_or_file: &str, origin: Option<&Path>) -> Result<(String, Option<PathBuf>), Fault> {
    if let Some(shipped) = shipped(name_or_file) {
        return Ok((shipped.text.to_owned(), None));
    }
    let file = origin.and_then(Path::parent).map_or_else(|| name_or_file.into(), |folder| folder.join(name_or_file));
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok((text, Some(file))),
        Err(error) => {
            let shipped: Vec<_> = SHIPPED.iter().map(|shipped| shipped.name).collect();
            let text = format!(
                "`{name_or_file}` is no scenario of ours ({}) and cannot be read as a file: {error}",
                shipped.join(", ")
            );
            Err(Fault::of_document(text))
        }
    }
}
