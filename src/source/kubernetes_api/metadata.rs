//! Lists of metadata: what an API server is asked for so that the content of its objects stays where it is, and whether an answer is
//! that. Never hands on an answer that holds anything else. Annotations are metadata, and that of `kubectl apply` repeats the object it
//! made: it crosses the wire, and whoever lowers the objects passes it over.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Nothing else is accepted: a server that cannot leave the content out answers 406, and sends nothing.
/// <https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches>, read 2026-11.
pub const ACCEPT: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

const LIST: &str = "PartialObjectMetadataList";

/// What such a list may hold. A field more, `data` above all, and it is none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List<'a> {
    #[serde(borrow)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(rename = "apiVersion")]
    _version: Option<IgnoredAny>,
    #[serde(rename = "metadata")]
    _metadata: Option<IgnoredAny>,
    #[serde(rename = "items")]
    _items: Option<Vec<Item>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    #[serde(rename = "apiVersion")]
    _version: Option<IgnoredAny>,
    #[serde(rename = "metadata")]
    _metadata: IgnoredAny,
}

/// Whether a page holds metadata and nothing else. The error is a sentence that quotes nothing of the page.
pub fn check(page: &[u8]) -> Result<(), String> {
    match serde_json::from_slice::<List<'_>>(page) {
        Ok(list) if list.kind == LIST => Ok(()),
        _ => Err(
            "the server answers with more than the metadata that it was asked for, which may be data: the answer was dropped unread"
                .to_string(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_anything_but_metadata_is_dropped_and_not_quoted() {
        let page = |kind: &str, items: &str, more: &str| {
            format!(
                r#"{{"kind":"{kind}","apiVersion":"meta.k8s.io/v1","metadata":{{"continue":"x"}},"items":{items}{more}}}"#
            )
        };
        let whole = r#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a"}}"#;
        for good in [
            page(LIST, "[]", ""),
            page(LIST, "null", ""),
            page(LIST, &format!("[{whole}]"), ""),
            page(LIST, r#"[{"metadata":{"name":"a"}}]"#, ""),
        ] {
            assert_eq!(check(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in [
            page("SecretList", "[]", ""),
            page("Table", "[]", ""),
            page(LIST, r#"[{"metadata":{},"data":{"k":"aHVzaA=="}}]"#, ""),
            page(LIST, r#"[{"metadata":{},"stringData":{"k":"hush"}}]"#, ""),
            page(LIST, r#"[{"metadata":{}},{"metadata":{},"data":null}]"#, ""),
            page(LIST, r#"["hush"]"#, ""),
            page(LIST, "[]", r#","items":[{"metadata":{},"data":{}}]"#),
            page(LIST, "[]", r#","data":"hush""#),
        ] {
            let said = check(bad.as_bytes()).expect_err(&bad);
            assert!(said.ends_with("was dropped unread"), "{said}");
            assert!(!said.contains("hush") && !said.contains("aHVz"), "{said}");
        }
    }
}
