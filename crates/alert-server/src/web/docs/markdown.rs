//! Markdown as one of our pages: headings that can be linked to, tables and programs that scroll on their own, no raw
//! HTML from the text, and no link to what is not served.

use pulldown_cmark::{Alignment, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

/// A document as HTML.
pub(super) struct Rendered {
    /// Its first heading.
    pub(super) title: String,
    pub(super) html: String,
}

/// Renders `text`, which is served at `path` below `/docs/`.
pub(super) fn render(path: &str, text: &str, is_served: impl Fn(&str) -> bool) -> Rendered {
    let mut writer =
        Writer { path, is_served, events: Vec::new(), open: Vec::new(), heading: None, ids: Vec::new() };
    let mut title = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        if let Some(heading) = writer.write(event) {
            title.get_or_insert(heading);
        }
    }
    let mut rendered = String::with_capacity(text.len() * 2);
    html::push_html(&mut rendered, writer.events.into_iter());
    Rendered { title: title.unwrap_or_else(|| path.to_owned()), html: rendered }
}

struct Writer<'a, F> {
    path: &'a str,
    is_served: F,
    events: Vec<Event<'a>>,
    /// For each open link and image, whether it is written.
    open: Vec<bool>,
    /// Where the open heading starts, and its text so far.
    heading: Option<(usize, String)>,
    ids: Vec<String>,
}

impl<'a, F: Fn(&str) -> bool> Writer<'a, F> {
    /// Takes the next event; returns the text of a heading that has just ended.
    fn write(&mut self, event: Event<'a>) -> Option<String> {
        if let (Some((_, text)), Event::Text(more) | Event::Code(more)) = (&mut self.heading, &event) {
            text.push_str(more);
        }
        match event {
            Event::Html(markup) | Event::InlineHtml(markup) => self.events.push(Event::Text(markup)),
            Event::Start(Tag::Heading { .. }) => {
                self.heading = Some((self.events.len(), String::new()));
                self.events.push(event);
            }
            Event::End(TagEnd::Heading(_)) => {
                self.events.push(event);
                return self.end_heading();
            }
            Event::Start(Tag::Table(columns)) => {
                self.events.push(markup("<div class=\"docs-table\" tabindex=\"0\">"));
                // An alignment would become a style attribute, which the page's policy forbids.
                self.events.push(Event::Start(Tag::Table(vec![Alignment::None; columns.len()])));
            }
            Event::End(TagEnd::Table) => self.events.extend([event, markup("</div>\n")]),
            Event::Start(Tag::CodeBlock(_)) => {
                self.events.push(markup("<pre class=\"docs-box code\" tabindex=\"0\"><code>"));
            }
            Event::End(TagEnd::CodeBlock) => self.events.push(markup("</code></pre>\n")),
            Event::Start(Tag::Link { ref dest_url, link_type, .. }) => {
                let leads_somewhere = link_type == LinkType::Email || self.leads_somewhere(dest_url);
                self.open(event, leads_somewhere);
            }
            Event::Start(Tag::Image { .. }) => self.open(event, false),
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if self.open.pop() == Some(true) {
                    self.events.push(event);
                }
            }
            event => self.events.push(event),
        }
        None
    }

    fn open(&mut self, event: Event<'a>, is_written: bool) {
        self.open.push(is_written);
        if is_written {
            self.events.push(event);
        }
    }

    /// Gives the heading the id that code hosts give it, so that links work in both places.
    fn end_heading(&mut self) -> Option<String> {
        let (start, text) = self.heading.take()?;
        let slug = slug(&text);
        let id = (0..)
            .map(|number| if number == 0 { slug.clone() } else { format!("{slug}-{number}") })
            .find(|id| !self.ids.contains(id))?;
        self.ids.push(id.clone());
        if let Some(Event::Start(Tag::Heading { id: empty, .. })) = self.events.get_mut(start) {
            *empty = Some(CowStr::from(id));
        }
        Some(text)
    }

    fn leads_somewhere(&self, link: &str) -> bool {
        let file = link.split(['#', '?']).next().unwrap_or_default();
        if file.is_empty() || link.starts_with("https://") || link.starts_with("http://") {
            return true;
        }
        let mut parts: Vec<&str> = self.path.split('/').collect();
        parts.pop();
        for part in file.split('/') {
            match part {
                ".." if parts.pop().is_none() => return false,
                ".." | "." => {}
                part => parts.push(part),
            }
        }
        (self.is_served)(&parts.join("/"))
    }
}

fn markup(text: &'static str) -> Event<'static> {
    Event::Html(CowStr::Borrowed(text))
}

fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|&c| c.is_alphanumeric() || "-_ ".contains(c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        render("clients/README.md", text, |path| path == "http-api.md" || path == "clients/x/y.py").html
    }

    #[test]
    fn given_markup_in_the_text_then_it_is_shown_as_text() {
        let html = html("a <b>b</b> <script>x</script>\n\n<div onclick=x>\n\n`<i>`\n\n    <pre>\n");
        assert!(!html.contains("<b>") && !html.contains("<script") && !html.contains("<div o"), "{html}");
        assert!(html.contains("&lt;b&gt;b&lt;/b&gt;") && html.contains("<code>&lt;i&gt;</code>"), "{html}");
        assert!(html.contains("<code>&lt;pre&gt;\n</code></pre>"), "{html}");
    }

    #[test]
    fn given_headings_then_they_have_the_ids_that_links_to_them_use() {
        let document = render(
            "a.md",
            "# The *v1* protocol\n## `alert send`\n## Who's there?\n## A - b_c\n## Who's there?",
            |_| true,
        );
        assert_eq!(document.title, "The v1 protocol");
        let ids: Vec<&str> =
            document.html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(ids, ["the-v1-protocol", "alert-send", "whos-there", "a---b_c", "whos-there-1"]);
    }

    #[test]
    fn given_links_then_only_those_that_lead_somewhere_are_links() {
        for (link, is_link) in [
            ("../http-api.md", true),
            ("../http-api.md#tokens", true),
            ("x/y.py", true),
            ("./x/y.py", true),
            ("#here", true),
            ("https://example.org/", true),
            ("../benchmarks.md", false),
            ("../../CHANGELOG.md", false),
            ("../../../http-api.md", false),
            ("http-api.md", false),
            ("javascript:alert(1)", false),
            ("JavaScript:alert(1)", false),
        ] {
            let html = html(&format!("[*text*]({link}) after"));
            assert_eq!(html.contains(&format!("<a href=\"{link}\"><em>text</em></a>")), is_link, "{html}");
            assert!(html.contains("<em>text</em>") && (is_link || !html.contains("<a")), "{html}");
        }
        assert!(!html("![a picture](x.png)").contains("<img"));
    }

    #[test]
    fn given_a_table_then_it_can_scroll_and_has_no_styles() {
        let html = html("| a | b |\n|:-:|--:|\n| 1 | `x` |\n");
        assert!(html.starts_with("<div class=\"docs-table\" tabindex=\"0\"><table>"), "{html}");
        assert!(html.contains("<td><code>x</code></td>") && !html.contains("style"), "{html}");
    }
}
