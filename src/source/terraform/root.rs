//! The `.tf` files behind a plan: which file and line holds the block of a resource. Never reads values there, only the headers
//! of blocks, and never follows a module that is not a folder of this disk.

use super::address::{Step, steps};
use crate::model::{Place, Places};
use crate::source::SourceError;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The `source` of each module call, by the names of the calls that lead to it.
pub type ModuleSources = BTreeMap<Vec<String>, String>;

/// Larger files are passed over: nobody writes so much HCL.
const LARGEST: u64 = 16 << 20;

/// Blocks of one folder: `resource.type.name`, `data.type.name` or `module.name` → file, line and column.
type Blocks = BTreeMap<String, (PathBuf, u64, u64)>;

/// Points the places of Terraform resources at their blocks under `root`, the folder of the root module. Where the block is in
/// a module from elsewhere, at the call of that module. Returns the addresses for which no block was found, in order.
///
/// # Errors
/// When `root` is no folder that can be read.
pub fn point_at_blocks(
    root: &Path,
    sources: &ModuleSources,
    places: &mut Places,
) -> Result<Vec<String>, SourceError> {
    let fail = |error: std::io::Error| {
        SourceError::new(
            root.display().to_string(),
            format!("cannot be read: {error}"),
        )
    };
    std::fs::read_dir(root).map_err(fail)?;
    let mut folders = Folders::default();
    let mut missing = Vec::new();
    for place in places.places_mut() {
        let Some(address) = place.address.clone() else {
            continue;
        };
        match folders.find(root, sources, &address) {
            Some((file, line, column)) => {
                *place = Place {
                    file: Arc::from(file.display().to_string()),
                    path: "".into(),
                    position: Some((line, column)),
                    address: Some(address),
                }
            }
            None => missing.push(address.to_string()),
        }
    }
    missing.sort();
    missing.dedup();
    Ok(missing)
}

/// Folders that were looked into.
#[derive(Default)]
struct Folders(BTreeMap<PathBuf, Blocks>);

impl Folders {
    fn find(
        &mut self,
        root: &Path,
        sources: &ModuleSources,
        address: &str,
    ) -> Option<(PathBuf, u64, u64)> {
        let (calls, block) = split(address)?;
        let mut folder = root.to_path_buf();
        for depth in 1..=calls.len() {
            let source = sources.get(&calls[..depth]).map(String::as_str);
            let local =
                source.filter(|source| source.starts_with("./") || source.starts_with("../"));
            match local {
                Some(source) => folder = joined(&folder, source),
                None => {
                    let call = format!("module.{}", calls[depth - 1]);
                    return self.blocks(&folder).get(&call).cloned();
                }
            }
        }
        self.blocks(&folder).get(&block).cloned()
    }

    fn blocks(&mut self, folder: &Path) -> &Blocks {
        self.0
            .entry(folder.to_path_buf())
            .or_insert_with(|| read_folder(folder))
    }
}

/// `module.a["k"].data.azurerm_subnet.b[0]` as the calls `[a]` and the block `data.azurerm_subnet.b`.
fn split(address: &str) -> Option<(Vec<String>, String)> {
    let names: Vec<String> = steps(address)?
        .into_iter()
        .filter_map(|step| match step {
            Step::Name(name) => Some(name),
            Step::Index(_) => None,
        })
        .collect();
    let mut calls = Vec::new();
    let mut rest = names.as_slice();
    while let [word, name, after @ ..] = rest {
        if word != "module" {
            break;
        }
        calls.push(name.clone());
        rest = after;
    }
    match rest {
        [word, kind, name] if word == "data" => Some((calls, format!("data.{kind}.{name}"))),
        [kind, name] => Some((calls, format!("resource.{kind}.{name}"))),
        _ => None,
    }
}

/// Without `.`, and with `..` taken back where it can be: paths are shown to people, and compared with those of a repository.
fn joined(folder: &Path, source: &str) -> PathBuf {
    let mut path = folder.to_path_buf();
    for part in Path::new(source).components() {
        match (part, path.components().next_back()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                path.pop();
            }
            (part, _) => path.push(part),
        }
    }
    path
}

/// Files in order of name; what cannot be read holds nothing.
fn read_folder(folder: &Path) -> Blocks {
    let here = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let entries = std::fs::read_dir(here).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| folder.join(entry.file_name()))
        .filter(|path| path.extension().is_some_and(|end| end == "tf"))
        .filter(|path| {
            std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST)
        })
        .collect();
    files.sort();
    let mut blocks = Blocks::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        for (block, line, column) in headers(&text) {
            blocks.entry(block).or_insert((file.clone(), line, column));
        }
    }
    blocks
}

/// Headers of blocks, each on a line of its own: a label or a brace on the next one is no HCL. What stands in a comment, a string or a
/// heredoc is none.
fn headers(text: &str) -> Vec<(String, u64, u64)> {
    let mut found = Vec::new();
    let mut inside = Inside::Code;
    for (number, line) in text.lines().enumerate() {
        let code = code_of(line, &mut inside);
        if let Some(block) = header(code.trim()) {
            let column = code.chars().take_while(|c| c.is_whitespace()).count();
            found.push((block, number as u64 + 1, column as u64 + 1));
        }
    }
    found
}

/// What a line begins in.
enum Inside {
    Code,
    /// Up to `*/`.
    Comment,
    /// Up to a line of this word alone.
    Heredoc(String),
}

/// A line of HCL without its comments, each a blank a letter so that columns stay, and what the next line begins in.
fn code_of(line: &str, inside: &mut Inside) -> String {
    if let Inside::Heredoc(end) = inside {
        if line.trim() == end {
            *inside = Inside::Code;
        }
        return String::new();
    }
    let mut code = String::with_capacity(line.len());
    let mut in_string = false;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let (mut taken, mut blank) = (c.len_utf8(), false);
        if matches!(inside, Inside::Comment) {
            blank = true;
            if rest.starts_with("*/") {
                taken = 2;
                *inside = Inside::Code;
            }
        } else if in_string {
            in_string = c != '"';
            if c == '\\' {
                taken += rest[taken..].chars().next().map_or(0, char::len_utf8);
            }
        } else if c == '#' || rest.starts_with("//") {
            break;
        } else if rest.starts_with("/*") {
            (taken, blank) = (2, true);
            *inside = Inside::Comment;
        } else if let Some(end) = heredoc_end(rest) {
            *inside = Inside::Heredoc(end);
            break;
        } else {
            in_string = c == '"';
        }
        let (piece, after) = rest.split_at(taken);
        match blank {
            true => code.extend(piece.chars().map(|_| ' ')),
            false => code.push_str(piece),
        }
        rest = after;
    }
    code
}

/// The word that ends the heredoc which begins here.
fn heredoc_end(text: &str) -> Option<String> {
    let after = text.strip_prefix("<<")?;
    let word = after.strip_prefix('-').unwrap_or(after).trim();
    let is_word = word
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    (!word.is_empty() && is_word).then(|| word.to_string())
}

/// `resource "azurerm_subnet" "a" {` as `resource.azurerm_subnet.a`.
fn header(line: &str) -> Option<String> {
    let (keyword, rest) = line.split_once(|c: char| c.is_whitespace() || c == '"')?;
    let wanted = match keyword {
        "resource" | "data" => 2,
        "module" => 1,
        _ => return None,
    };
    let labels = line[line.len() - rest.len() - 1..].split('{').next()?;
    let labels: Vec<&str> = labels
        .split_whitespace()
        .flat_map(|part| part.split("\"\""))
        .map(|label| label.trim_matches('"'))
        .filter(|label| !label.is_empty())
        .collect();
    (labels.len() == wanted).then(|| format!("{keyword}.{}", labels.join(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_blocks() {
        let text = "\
# resource \"azurerm_subnet\" \"no\" {
/* resource \"azurerm_subnet\" \"no\" {
resource \"azurerm_subnet\" \"no\" {
*/
  resource   \"azurerm_subnet\"  \"nodes\" {
  name = <<-EOT
    resource \"azurerm_subnet\" \"no\" {
  EOT
}
data \"azurerm_virtual_network\" \"hub\" {}
module \"aks\" { source = \"./aks\" }
resource azurerm_subnet bare {
locals { resource = \"x\" }
resource \"azurerm_kubernetes_cluster\" \"one\"
locals { x = 1 } /* was here:
resource \"azurerm_subnet\" \"no\" {
*/ resource \"azurerm_subnet\" \"behind\" {
  a = 1 # see <<ADR-7
  b = \"/* <<EOT \\\" # \" // resource
resource \"azurerm_subnet\" \"after\" { # one
";
        let want = [
            ("resource.azurerm_subnet.nodes", 5, 3),
            ("data.azurerm_virtual_network.hub", 10, 1),
            ("module.aks", 11, 1),
            ("resource.azurerm_subnet.bare", 12, 1),
            ("resource.azurerm_kubernetes_cluster.one", 14, 1),
            ("resource.azurerm_subnet.behind", 17, 4),
            ("resource.azurerm_subnet.after", 20, 1),
        ];
        let want: Vec<(String, u64, u64)> = want
            .map(|(block, line, column)| (block.to_string(), line, column))
            .to_vec();
        assert_eq!(headers(text), want);
    }

    #[test]
    fn addresses_come_apart() {
        for (address, calls, block) in [
            ("azurerm_subnet.a[0]", &[][..], "resource.azurerm_subnet.a"),
            (
                r#"module.net["x.y"].module.b.data.azurerm_subnet.c"#,
                &["net", "b"],
                "data.azurerm_subnet.c",
            ),
        ] {
            let (found, name) = split(address).unwrap();
            assert_eq!(
                (found.as_slice(), name.as_str()),
                (
                    &calls.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
                    block
                )
            );
        }
        assert!(split("module.a").is_none());
    }

    #[test]
    fn folders_are_joined_as_people_write_them() {
        for (folder, source, want) in [
            ("infra", "./modules/aks", "infra/modules/aks"),
            ("infra/prod", "../../modules//aks", "modules/aks"),
            (".", "../shared", "./../shared"),
            ("", "./net", "net"),
            ("../x", "../../y", "../../y"),
        ] {
            assert_eq!(
                joined(Path::new(folder), source),
                Path::new(want),
                "{folder} {source}"
            );
        }
    }
}
