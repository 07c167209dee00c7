//! The files that a page is made of.

/// Where the style sheet goes.
const STYLE: &str = "<link rel=\"stylesheet\" href=\"style.css\">";

/// Where the data go.
const DATA: &str = "<script type=\"application/octet-stream;base64\" id=\"data\"></script>";

macro_rules! asset {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/viewer/", $name))
    };
}

macro_rules! scripts {
    ($($name:literal)*) => {
        /// The scripts, in the order in which the template names them.
        const SCRIPTS: &[(&str, &str)] = &[$(($name, asset!($name))),*];
    };
}

scripts! {
    "data.js" "model.js" "address.js" "pen.js" "scene.js" "events.js" "dom.js" "app.js" "overview.js" "stage.js" "bars.js" "side.js" "inspector.js" "table.js" "keys.js" "main.js"
}

/// How many bytes they have together.
pub(super) fn bytes() -> usize {
    asset!("page.html").len()
        + asset!("style.css").len()
        + SCRIPTS.iter().map(|(_, script)| script.len()).sum::<usize>()
}

/// The page with all of them in it, and these data.
pub(super) fn inlined(title: &str, data: &str) -> String {
    let mut page = asset!("page.html").replace(STYLE, &format!("<style>\n{}</style>", asset!("style.css")));
    for (name, script) in SCRIPTS {
        page = page.replace(&format!("<script src=\"{name}\"></script>"), &format!("<script>\n{script}</script>"));
    }
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    page.replace("<title>Shaketable</title>", &format!("<title>{title} · Shaketable</title>"))
        .replace(DATA, &DATA.replace("></script>", &format!(">{data}</script>")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_needs_no_other_file() {
        let page = inlined("a < b", "QUJD");
        for loads in ["<script src=", "<link", "@import", "fetch(", "url(http"] {
            assert!(!page.contains(loads), "{loads}");
        }
        assert!(page.contains("<title>a &lt; b · Shaketable</title>") && page.contains(">QUJD</script>"));
        for (name, script) in SCRIPTS {
            assert!(page.contains(script), "{name}");
            // It would end the element that it is in.
            assert!(!script.contains("</script"), "{name}");
        }
    }
}
