//! What was judged as JUnit XML: a suite a question, a case a thing. A blocker fails a case; a warning is told in the output of a
//! case that passes; what is not known is skipped, with the reason. Never a time: nothing here took any.

mod suites;

pub use suites::{
    decision, eligibility, not_checked, predictions, readiness, subnets_and_pools, timeline,
};

use super::terminal::clean;
use super::told::Told;
use crate::finding::Severity;
use crate::model::{Place, Places, Subject};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// A question that was asked of many things.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite {
    pub name: &'static str,
    pub cases: Vec<Case>,
}

/// One thing, and what was found about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub name: String,
    pub subject: Subject,
    pub told: Vec<Told>,
    /// Why it could not be judged. What was found counts all the same: a blocker fails.
    pub unknown: Option<String>,
}

impl Case {
    fn blockers(&self) -> impl Iterator<Item = &Told> {
        let blocks = |told: &&Told| told.severity == Severity::Blocker;
        self.told.iter().filter(blocks)
    }

    fn fails(&self) -> bool {
        self.blockers().next().is_some()
    }

    fn is_skipped(&self) -> bool {
        self.unknown.is_some() && !self.fails()
    }
}

/// Renders suites that have cases, in the order given.
pub fn render(title: &str, suites: &[Suite], places: &Places) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut xml, title, suites, places).expect("memory can be written to");
    let mut text = String::from_utf8(xml.into_inner()).expect("only text and names were written");
    text.push('\n');
    text
}

type Xml = Writer<Vec<u8>>;

fn write(xml: &mut Xml, title: &str, suites: &[Suite], places: &Places) -> std::io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites: Vec<&Suite> = suites
        .iter()
        .filter(|suite| !suite.cases.is_empty())
        .collect();
    let cases = || suites.iter().flat_map(|suite| &suite.cases);
    xml.create_element("testsuites")
        .with_attribute(("name", legal(&format!("aksplan: {title}")).as_str()))
        .with_attributes(
            counts(cases())
                .iter()
                .map(|(name, count)| (*name, count.as_str())),
        )
        .write_inner_content(|xml| {
            for suite in &suites {
                write_suite(xml, suite, places)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn counts<'a>(cases: impl Iterator<Item = &'a Case> + Clone) -> [(&'static str, String); 4] {
    let count = |wanted: fn(&Case) -> bool| {
        let cases = cases.clone();
        cases.filter(|case| wanted(case)).count().to_string()
    };
    [
        ("tests", count(|_| true)),
        ("failures", count(Case::fails)),
        ("errors", "0".to_string()),
        ("skipped", count(Case::is_skipped)),
    ]
}

fn write_suite(xml: &mut Xml, suite: &Suite, places: &Places) -> std::io::Result<()> {
    let counts = counts(suite.cases.iter());
    xml.create_element("testsuite")
        .with_attribute(("name", suite.name))
        .with_attributes(counts.iter().map(|(name, count)| (*name, count.as_str())))
        .write_inner_content(|xml| {
            for case in &suite.cases {
                write_case(xml, suite.name, case, places)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn write_case(xml: &mut Xml, suite: &str, case: &Case, places: &Places) -> std::io::Result<()> {
    let name = match case.name.as_str() {
        "" => "(no name)".to_string(),
        name => legal(name),
    };
    let mut attributes = vec![("classname", format!("aksplan.{suite}")), ("name", name)];
    // What came on standard input stands in no file.
    let place = places.of(&case.subject);
    if let Some(Place { file, position, .. }) =
        place.filter(|place| !matches!(&*place.file, "" | "-"))
    {
        attributes.push(("file", legal(file)));
        if let Some((line, _)) = position {
            attributes.push(("line", line.to_string()));
        }
    }
    let element = xml.create_element("testcase").with_attributes(
        attributes
            .iter()
            .map(|(name, value)| (*name, value.as_str())),
    );
    if case.told.is_empty() && case.unknown.is_none() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|xml| {
        if let Some(first) = case.blockers().next() {
            // Readers show one failure a case: the first in its heading, all of them in its text.
            let all: Vec<String> = case.blockers().map(line).collect();
            xml.create_element("failure")
                .with_attribute(("type", first.code))
                .with_attribute(("message", legal(&first.message).as_str()))
                .write_text_content(BytesText::new(&all.join("\n")))?;
        } else if let Some(reason) = &case.unknown {
            xml.create_element("skipped")
                .with_attribute(("message", legal(reason).as_str()))
                .write_empty()?;
        }
        let mut rest: Vec<String> = case
            .told
            .iter()
            .filter(|told| told.severity < Severity::Blocker)
            .map(line)
            .collect();
        if let (true, Some(reason)) = (case.fails(), &case.unknown) {
            rest.push(format!("not known: {}", legal(reason)));
        }
        if !rest.is_empty() {
            xml.create_element("system-out")
                .write_text_content(BytesText::new(&rest.join("\n")))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn line(told: &Told) -> String {
    let rules: Vec<&str> = told.rules.iter().map(|rule| rule.id).collect();
    let rules = match rules.as_slice() {
        [] => String::new(),
        rules => format!(" ({})", rules.join(", ")),
    };
    format!(
        "{} {}: {}{rules}",
        told.severity.word(),
        told.code,
        legal(&told.message)
    )
}

/// Text that XML 1.0 may hold: what has a meaning is escaped as it is written, and control characters may not even be escaped.
fn legal(text: &str) -> String {
    clean(text).replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}")
}
