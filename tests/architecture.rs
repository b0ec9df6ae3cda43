//! The plan of the house: which file imports which, read from the sources.
//!
//! No circle of files, no file above 400 lines, and the table of docs/architecture.md says which
//! module stands on which. `cargo test --release --test architecture -- --nocapture` prints the
//! table as it should be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Most lines a file of src may have.
const MAX_LINES: usize = 400;

/// A file of src: its module path ("theory::state"), and its code without comments and tests.
struct Module {
    lines: usize,
    code: String,
}

type Modules = BTreeMap<String, Module>;

/// An item that a file makes available under its own path: the name, and where it is taken from.
type Reexports = BTreeMap<(String, String), String>;

fn modules() -> Modules {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = Modules::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let name = module_path(path.strip_prefix(&root).unwrap());
                if !is_test(&name) {
                    let module = Module { lines: text.lines().count(), code: code(&text) };
                    modules.insert(name, module);
                }
            }
        }
    }
    modules
}

/// "" for lib.rs, "a" for a.rs and a/mod.rs, "a::b" for a/b.rs.
fn module_path(path: &Path) -> String {
    let path = if path.ends_with("mod.rs") {
        path.parent().unwrap().to_owned()
    } else {
        path.with_extension("")
    };
    let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
    if parts == ["lib"] { String::new() } else { parts.join("::") }
}

/// Whether the file is compiled for tests only.
fn is_test(module: &str) -> bool {
    let name = module.rsplit("::").next().unwrap();
    name.ends_with("tests") || name.starts_with("test_") || name == "golden"
}

/// The text without comments, and without what follows `#[cfg(test)]` or `#[cfg(doctest)]`.
fn code(text: &str) -> String {
    let text = without_strings(text);
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.starts_with("//") {
            continue;
        }
        if trimmed == "#[cfg(test)]" || trimmed == "#[cfg(doctest)]" {
            // one item: a line with a semicolon, or up to the brace at its own indentation
            let indent = line.len() - line.trim_start().len();
            let closing = format!("{}}}", " ".repeat(indent));
            let first = lines.by_ref().find(|line| !line.trim().starts_with("#[")).unwrap_or("");
            if !first.trim_end().ends_with(';') && !first.starts_with(&closing) {
                lines.by_ref().find(|line| line.starts_with(&closing));
            }
            continue;
        }
        code.push_str(line.split(" // ").next().unwrap());
        code.push('\n');
    }
    code
}

/// The text with empty string literals.
fn without_strings(text: &str) -> String {
    let mut result = String::new();
    let (mut inside, mut comment, mut last) = (false, false, ' ');
    for letter in text.chars() {
        comment = letter != '\n' && (comment || (!inside && last == '/' && letter == '/'));
        let quote = letter == '"' && last != '\\' && last != '\'' && !comment;
        if !inside || quote || letter == '\n' {
            result.push(letter);
        }
        inside ^= quote;
        last = if last == '\\' && letter == '\\' { ' ' } else { letter };
    }
    result
}

/// The `use` declarations of a file: whether they are public, and the whole paths they name.
fn uses(code: &str) -> (Vec<(bool, String, String)>, String) {
    let mut found = Vec::new();
    let mut rest = String::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        let public = trimmed.starts_with("pub");
        let Some(path) = trimmed
            .strip_prefix("use ")
            .or(trimmed.strip_prefix("pub use "))
            .or(trimmed.strip_prefix("pub(crate) use "))
            .or(trimmed.strip_prefix("pub(super) use "))
            .filter(|path| path.split(' ').next().unwrap().contains([':', ';']))
        else {
            if !trimmed.trim_end_matches(';').contains("mod ") {
                rest.push_str(line);
                rest.push('\n');
            }
            continue;
        };
        let mut declaration = path.to_owned();
        while !declaration.contains(';') {
            declaration.push_str(lines.next().unwrap().trim());
        }
        let declaration = declaration.split(';').next().unwrap().to_owned();
        for path in expanded(&declaration) {
            let (path, name) = match path.split_once(" as ") {
                Some((path, name)) => (path.trim().to_owned(), name.trim().to_owned()),
                None => (path.clone(), path.rsplit("::").next().unwrap().to_owned()),
            };
            found.push((public, path, name));
        }
    }
    (found, rest)
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn expanded(declaration: &str) -> Vec<String> {
    let Some(open) = declaration.find('{') else {
        return vec![declaration.trim().replace("::self", "")];
    };
    let (prefix, inner) = (&declaration[..open], &declaration[open + 1..]);
    let inner = &inner[..inner.rfind('}').unwrap()];
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for letter in inner.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(letter);
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| expanded(&format!("{}{}", prefix.trim(), part.trim()))).collect()
}

/// Paths of this crate that the rest of the code names in full: `crate::a::b(..)`, `super::c`.
fn inline_paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' || before == ':' {
                continue;
            }
            let path = |letter: &char| letter.is_alphanumeric() || "_:".contains(*letter);
            found.push(code[at..].chars().take_while(path).collect::<String>());
        }
    }
    found
}

/// The children of module `here` that the code names in full: `child::f(..)`.
fn inline_children(code: &str, here: &str, modules: &Modules) -> Vec<String> {
    let prefix = if here.is_empty() { String::new() } else { format!("{here}::") };
    let children = modules.keys().filter_map(|module| module.strip_prefix(&prefix));
    let children = children.filter(|child| !child.is_empty() && !child.contains("::"));
    let named = |child: &&str| {
        code.match_indices(&format!("{child}::")).any(|(at, _)| {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            !(before.is_alphanumeric() || before == '_' || before == ':')
        })
    };
    children.filter(named).map(str::to_owned).collect()
}

/// The path from the crate's root of a path written in module `here`; none for another crate's.
fn absolute(path: &str, here: &str, modules: &Modules) -> Option<String> {
    let mut segments: Vec<&str> = path.split("::").filter(|s| !s.is_empty()).collect();
    let mut base: Vec<&str> = here.split("::").filter(|s| !s.is_empty()).collect();
    match segments[0] {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            while segments.get(1) == Some(&"super") {
                base.pop();
                segments.remove(0);
            }
            base.pop();
        }
        first => {
            let child = base.iter().chain([&first]).copied().collect::<Vec<_>>().join("::");
            if !modules.contains_key(&child) {
                return None;
            }
            base.push(first);
        }
    }
    base.extend(&segments[1..]);
    Some(base.join("::"))
}

/// The file in which the item of this path stands, through re-exports.
fn file_of(path: &str, modules: &Modules, reexports: &Reexports) -> Option<String> {
    let mut module = String::new();
    let mut segments: Vec<String> = path.split("::").map(str::to_owned).collect();
    for _ in 0..20 {
        let Some(segment) = segments.first().cloned() else { return Some(module) };
        let child = [module.as_str(), &segment].join("::").trim_start_matches("::").to_owned();
        if modules.contains_key(&child) {
            module = child;
            segments.remove(0);
        } else if let Some(target) = reexports.get(&(module.clone(), segment)) {
            segments.remove(0);
            segments.splice(0..0, target.split("::").map(str::to_owned));
            module.clear();
        } else {
            return Some(module);
        }
    }
    None
}

/// Which files each file imports, re-exports resolved.
fn imports(modules: &Modules) -> BTreeMap<String, BTreeSet<String>> {
    let mut reexports = Reexports::new();
    for (here, module) in modules {
        for (public, path, name) in uses(&module.code).0 {
            if let (true, Some(path)) = (public, absolute(&path, here, modules)) {
                reexports.insert((here.clone(), name), path);
            }
        }
    }
    let mut imports = BTreeMap::new();
    for (here, module) in modules {
        let (declared, rest) = uses(&module.code);
        let named = |name: &str| {
            let word = |letter: char| letter.is_alphanumeric() || letter == '_';
            rest.split(|letter| !word(letter)).any(|found| found == name)
        };
        let declared = declared.into_iter().filter(|(public, _, name)| !public || named(name));
        let inline = inline_paths(&rest).into_iter().chain(inline_children(&rest, here, modules));
        let paths = declared.map(|(_, path, _)| path).chain(inline);
        let files = paths
            .filter_map(|path| absolute(&path, here, modules))
            .filter_map(|path| file_of(&path, modules, &reexports))
            .filter(|file| file != here);
        imports.insert(here.clone(), files.collect::<BTreeSet<_>>());
    }
    imports
}

/// A circle of imports, if there is one.
fn circle(imports: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit(
        file: &String,
        imports: &BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> bool {
        if let Some(at) = path.iter().position(|before| before == file) {
            path.drain(..at);
            return true;
        }
        if done.contains(file) {
            return false;
        }
        path.push(file.clone());
        if imports[file].iter().any(|next| visit(next, imports, path, done)) {
            return true;
        }
        path.pop();
        done.insert(file.clone());
        false
    }
    let (mut path, mut done) = (Vec::new(), BTreeSet::new());
    imports.keys().any(|file| visit(file, imports, &mut path, &mut done)).then_some(path)
}

/// The first part of a module path.
fn room(module: &str) -> &str {
    module.split("::").next().unwrap()
}

#[test]
fn no_file_is_above_the_limit() {
    for (name, module) in modules() {
        assert!(module.lines <= MAX_LINES, "{name} has {} lines", module.lines);
    }
}

#[test]
fn files_import_each_other_in_one_direction() {
    let imports = imports(&modules());
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 300, "imports are not found");
    if let Some(circle) = circle(&imports) {
        panic!("these files import each other in a circle: {}", circle.join(" -> "));
    }
}

#[test]
fn architecture_document_says_which_module_stands_on_which() {
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, imported) in imports(&modules()) {
        let entry = rooms.entry(room(&file).to_owned()).or_default();
        let others = imported.iter().map(|other| room(other)).filter(|o| *o != room(&file));
        entry.extend(others.map(str::to_owned));
    }
    // what everything may use is not worth an arrow
    let ground = ["", "error", "guard", "memory", "number", "random", "scalar"];
    let ground = |name: &String| ground.contains(&name.as_str());
    let mut expected = String::new();
    for (name, others) in rooms.iter().filter(|(name, _)| !ground(name)) {
        let others: Vec<_> = others.iter().filter(|other| !ground(other)).cloned().collect();
        expected.push_str(&format!("{name}: {}\n", others.join(", ")).replace(": \n", ":\n"));
    }
    println!("{expected}");
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "docs", "architecture.md"].iter().collect();
    let text = fs::read_to_string(path).unwrap();
    let table = text.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(table, expected, "docs/architecture.md, first block");
}

#[test]
fn circles_are_found() {
    let of = |pairs: &[(&str, &[&str])]| -> BTreeMap<String, BTreeSet<String>> {
        pairs
            .iter()
            .map(|(file, others)| {
                (file.to_string(), others.iter().map(|other| other.to_string()).collect())
            })
            .collect()
    };
    assert_eq!(circle(&of(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])), None);
    let found = circle(&of(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])])).unwrap();
    assert_eq!(found, ["b", "c"]);
    assert_eq!(expanded("a::{b, c::{self, d}}"), ["a::b", "a::c", "a::c::d"]);
}
