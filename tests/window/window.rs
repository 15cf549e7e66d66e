//! A window under test: found, clicked and asked by its `data-test` names.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::components::SelectElement;
use thirtyfour::prelude::*;
use waybill_tests::wait::wait_for;

use crate::driver::Driver;

/// A machine that also runs eight other tests may take this long for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// The window, its driver, and the folders it keeps its files in.
pub(crate) struct Window {
    // In this order: when a test fails, the driver goes before its client, which would ask it to
    // end the session and wait, and before the folders that the window writes to.
    _driver: Driver,
    web: WebDriver,
    folder: tempfile::TempDir,
}

impl Window {
    /// Opens the window with these arguments, folders of its own and more environment.
    pub(crate) async fn open(args: &[&str], environment: &[(String, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self::open_in(folder, args, environment).await
    }

    /// The same with folders that hold something.
    pub(crate) async fn open_in(
        folder: tempfile::TempDir,
        args: &[&str],
        environment: &[(String, String)],
    ) -> Self {
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut all = vec![
            ("WAYBILL_CONFIG_DIR", path("config")),
            ("WAYBILL_DATA_DIR", path("data")),
        ];
        let more = environment.iter();
        all.extend(more.map(|(name, value)| (name.as_str(), value.clone())));
        let driver = Driver::start(&all).await;
        let mut capabilities = Capabilities::new();
        let options = json!({ "binary": program(), "args": args });
        capabilities
            .set("webkitgtk:browserOptions", options)
            .expect("it is JSON");
        let web = WebDriver::new(&driver.url, capabilities)
            .await
            .expect("the window opens");
        let window = Self {
            _driver: driver,
            web,
            folder,
        };
        window
            .until("the page to be ready", "app", "data-ready", "true")
            .await;
        window
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Closes it, and with it the demo it runs.
    pub(crate) async fn close(self) {
        self.web.quit().await.expect("the window closes");
    }

    /// Waits until there is an element of that name.
    pub(crate) async fn find(&self, name: &str) -> WebElement {
        wait_for(name, PATIENCE, async || self.try_find(name).await).await
    }

    async fn try_find(&self, name: &str) -> Option<WebElement> {
        self.web
            .find(By::Css(format!("[data-test=\"{name}\"]")))
            .await
            .ok()
    }

    /// Whether there is none.
    pub(crate) async fn lacks(&self, name: &str) -> bool {
        self.try_find(name).await.is_none()
    }

    /// How many elements of that name there are now.
    pub(crate) async fn count(&self, name: &str) -> usize {
        let css = By::Css(format!("[data-test=\"{name}\"]"));
        self.web.find_all(css).await.map_or(0, |found| found.len())
    }

    /// Clicks what can be clicked: waits until it is there, enabled, and takes the click.
    pub(crate) async fn click(&self, name: &str) {
        wait_for(&format!("{name} to take a click"), PATIENCE, async || {
            let element = self.try_find(name).await?;
            let enabled = element.is_enabled().await.ok()?;
            if !enabled {
                return None;
            }
            element.click().await.ok()
        })
        .await;
    }

    /// Chooses all confirmed events of a tab, as soon as there are any; how many.
    ///
    /// A suspicion is confirmed by a second scan; until then there is nothing to choose.
    pub(crate) async fn choose_all(&self, tab: &str) -> String {
        self.click(tab).await;
        wait_for("events to be chosen", PATIENCE, async || {
            if let Some(all) = self.try_find("select-all").await {
                all.click().await.ok();
            }
            let count = self.attribute("selection", "data-count").await?;
            (count != "0").then_some(count)
        })
        .await
    }

    /// Types into a field.
    pub(crate) async fn type_into(&self, name: &str, text: &str) {
        self.find(name)
            .await
            .send_keys(text)
            .await
            .expect("it takes the keys");
    }

    /// Types into a field that holds something else.
    pub(crate) async fn replace(&self, name: &str, text: &str) {
        let field = self.find(name).await;
        field.clear().await.expect("it can be emptied");
        field.send_keys(text).await.expect("it takes the keys");
    }

    /// Chooses from a list, as soon as it has that.
    pub(crate) async fn choose(&self, name: &str, value: &str) {
        wait_for(&format!("{value} in {name}"), PATIENCE, async || {
            let element = self.try_find(name).await?;
            let list = SelectElement::new(&element).await.ok()?;
            list.select_by_value(value).await.ok()
        })
        .await;
    }

    /// Presses Escape, wherever the keyboard is.
    pub(crate) async fn press_escape(&self) {
        self.web
            .action_chain()
            .send_keys(Key::Escape)
            .perform()
            .await
            .expect("it takes the key");
    }

    /// The text of an element, as it is rendered.
    ///
    /// Asked of the page: the driver leaves out what cannot be selected with the mouse.
    pub(crate) async fn text(&self, name: &str) -> String {
        self.find(name).await;
        let script =
            format!("return document.querySelector('[data-test=\"{name}\"]')?.innerText ?? ''");
        let text = self.run(&script).await;
        text.as_str().map(str::to_owned).unwrap_or_default()
    }

    /// An attribute now; `None` when the element or the attribute is not there.
    pub(crate) async fn attribute(&self, name: &str, attribute: &str) -> Option<String> {
        self.try_find(name).await?.attr(attribute).await.ok()?
    }

    /// Waits until an attribute has a value.
    pub(crate) async fn until(&self, what: &str, name: &str, attribute: &str, value: &str) {
        wait_for(what, PATIENCE, async || {
            (self.attribute(name, attribute).await.as_deref() == Some(value)).then_some(())
        })
        .await;
    }

    /// Runs a script in the page.
    pub(crate) async fn run(&self, script: &str) -> Value {
        let result = self
            .web
            .execute(script, Vec::new())
            .await
            .expect("the script runs");
        result.json().clone()
    }

    /// Sizes the window's page and takes a picture of it.
    pub(crate) async fn picture(&self, name: &str, width: u32, height: u32) {
        self.web
            .set_window_rect(0, 0, width, height)
            .await
            .expect("it can be sized");
        wait_for("the page to have its size", PATIENCE, async || {
            let size = self.run("return [innerWidth, innerHeight]").await;
            (size[0].as_u64()? >= u64::from(width) - 64).then_some(())
        })
        .await;
        // Two frames: one to lay out, one to draw the canvas.
        let frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200)))";
        self.web
            .execute_async(frames, Vec::new())
            .await
            .expect("the page draws");
        let folder = pictures();
        std::fs::create_dir_all(&folder).expect("the pictures' folder can be made");
        let path = folder.join(format!("{name}-{width}x{height}.png"));
        self.web
            .screenshot(&path)
            .await
            .expect("a picture can be taken");
    }
}

/// `target/pictures`.
fn pictures() -> PathBuf {
    program()
        .parent()
        .and_then(Path::parent)
        .expect("it lies in target/<profile>")
        .join("pictures")
}

/// The window's program, built beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("tests lie in target/<profile>/deps");
    let program = folder.join("waybill-window");
    assert!(
        program.exists(),
        "{} is not there: cargo xtask test window builds it",
        program.display()
    );
    program
}
