use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec::IntoIter;

use super::*;

/// A word, a string without its quotes, or a mark.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Word(String),
    Text(String),
    Mark(&'static str),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let mark = ["{", "}", "[", "]", "=", ",", ";"].into_iter().find(|mark| mark.starts_with(letter));
        match letter {
            _ if letter.is_whitespace() => {}
            _ if mark.is_some() => tokens.extend(mark.map(Token::Mark)),
            '-' => {
                assert_eq!(letters.next(), Some('>'), "an arrow");
                tokens.push(Token::Mark("->"));
            }
            '"' => {
                let mut string = String::new();
                loop {
                    match letters.next().expect("quotes are closed") {
                        '"' => break,
                        '\\' => {
                            let escaped = letters.next().expect("something is escaped");
                            assert!(['n', '"', '\\'].contains(&escaped), "\\{escaped}");
                            string.push(if escaped == 'n' { '\n' } else { escaped });
                        }
                        '\n' => panic!("a string ends on its line"),
                        other => string.push(other),
                    }
                }
                tokens.push(Token::Text(string));
            }
            _ => {
                assert!(letter.is_ascii_alphanumeric() || letter == '_', "{letter}");
                let mut word = letter.to_string();
                while let Some(next) = letters.next_if(|next| next.is_ascii_alphanumeric() || *next == '_') {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    tokens
}

#[derive(Default)]
struct Graph {
    /// The cluster of each node, and its label.
    nodes: BTreeMap<String, (Option<String>, String)>,
    edges: Vec<(String, String)>,
    shown: String,
}

struct Parser(Peekable<IntoIter<Token>>);

impl Parser {
    fn mark(&mut self, mark: &'static str) {
        assert_eq!(self.0.next(), Some(Token::Mark(mark)));
    }

    fn word(&mut self) -> String {
        match self.0.next() {
            Some(Token::Word(word)) => word,
            other => panic!("{other:?} is no word"),
        }
    }

    fn is(&mut self, mark: &'static str) -> bool {
        self.0.next_if_eq(&Token::Mark(mark)).is_some()
    }

    fn attributes(&mut self) -> BTreeMap<String, String> {
        let mut attributes = BTreeMap::new();
        self.mark("[");
        while !self.is("]") {
            let name = self.word();
            self.mark("=");
            let value = match self.0.next() {
                Some(Token::Word(text) | Token::Text(text)) => text,
                other => panic!("{other:?} is no value"),
            };
            assert_eq!(attributes.insert(name, value), None, "an attribute is said once");
            let more = self.is(",");
            assert!(more || self.0.peek() == Some(&Token::Mark("]")));
        }
        attributes
    }

    /// Statements up to a brace.
    fn statements(&mut self, graph: &mut Graph, cluster: Option<&str>) {
        while !self.is("}") {
            if self.is("{") {
                while !self.is("}") {
                    let word = self.word();
                    if self.is("=") {
                        assert_eq!((word.as_str(), self.word().as_str()), ("rank", "same"));
                    } else {
                        assert!(graph.nodes.contains_key(&word), "{word} has been declared");
                    }
                    self.is(";");
                }
                continue;
            }
            let word = self.word();
            match word.as_str() {
                "graph" | "node" | "edge" => drop(self.attributes()),
                "subgraph" => {
                    let name = self.word();
                    assert!(name.starts_with("cluster_"));
                    self.mark("{");
                    self.statements(graph, Some(&name));
                }
                _ if self.is("->") => {
                    let to = self.word();
                    graph.shown += &self.attributes().remove("label").unwrap_or_default();
                    graph.edges.push((word, to));
                }
                _ => {
                    let label = self.attributes().remove("label").unwrap_or_default();
                    assert_eq!(graph.nodes.insert(word, (cluster.map(str::to_owned), label)), None);
                }
            }
        }
    }
}

fn parsed(text: &str) -> Graph {
    let mut parser = Parser(tokens(text).into_iter().peekable());
    assert_eq!([parser.word(), parser.word()], ["digraph", "run"]);
    parser.mark("{");
    let mut graph = Graph::default();
    parser.statements(&mut graph, None);
    assert_eq!(parser.0.next(), None, "nothing follows");
    graph
}

#[test]
fn every_edge_joins_nodes_and_leads_from_earlier_to_later() {
    let (mut edges, mut losses) = (0, 0);
    for (name, recording, places) in samples() {
        let graph = parsed(&crate::export::dot(&recording, &places));
        let joined: BTreeSet<&(String, String)> = graph.edges.iter().collect();
        assert_eq!(joined.len(), graph.edges.len(), "{name}: an edge is drawn once");
        for (from, to) in &graph.edges {
            assert!(graph.nodes.contains_key(from) && graph.nodes.contains_key(to), "{name}: {from} -> {to}");
            let number = |id: &str| id.strip_prefix('e').and_then(|number| number.parse::<u64>().ok());
            if let (Some(from), Some(to)) = (number(from), number(to)) {
                assert!(from < to, "{name}: e{from} -> e{to}");
            }
        }
        for place in &places {
            let event = recording.event(*place);
            let (cluster, label) = &graph.nodes[&format!("e{}", event.number)];
            assert_eq!(*cluster, Some(format!("cluster_{}", event.lane.0)), "{name}");
            assert!(label.starts_with(&event.at.to_string()), "{name}: {label}");
            // Whatever led to it and is wanted is joined to it.
            if let Some(cause) = recording.sent(event).filter(|cause| places.contains(cause)) {
                let edge = (format!("e{}", recording.event(cause).number), format!("e{}", event.number));
                assert!(joined.contains(&edge), "{name}: {edge:?}");
            }
        }
        let lost = recording.lost.iter().filter(|lost| places.contains(&lost.event)).count();
        assert_eq!(graph.nodes.keys().filter(|id| id.starts_with("lost")).count(), lost, "{name}");
        let violation = recording.violation().and_then(|of| of.event).is_some_and(|event| places.contains(&event));
        assert_eq!(graph.nodes.contains_key("violation"), violation, "{name}");
        (edges, losses) = (edges + graph.edges.len(), losses + lost);
    }
    assert!(edges > 600 && losses > 20, "{edges} edges, {losses} losses");
}

#[test]
fn texts_are_what_they_were() {
    let recording = everything();
    let places: Vec<Place> = recording.placed().map(|(place, _)| place).collect();
    let graph = parsed(&crate::export::dot(&recording, &places));
    assert!(graph.nodes["e4"].1.ends_with("vote n1; \"why\" #1 <b>"), "{}", graph.nodes["e4"].1);
    for told in ["Vote lost", "Vote (again)", "Append (held before)", "dropped Request"] {
        assert!(graph.shown.contains(told), "{told}");
    }
}

#[test]
fn a_graph_for_graphviz() {
    let recording = everything();
    let places: Vec<Place> = recording.placed().map(|(place, _)| place).collect();
    insta::assert_snapshot!(crate::export::dot(&recording, &places));
}
