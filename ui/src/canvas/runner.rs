//! Runs the canvas in the page: one eframe runner for the life of the page.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlCanvasElement, HtmlElement};

use super::interact::{Pointer, frame};
use super::{Gesture, Scene};

/// The handle by which the page shows scenes.
#[derive(Clone)]
pub struct Stage(Rc<Inner>);

struct Inner {
    scene: RefCell<Option<Scene>>,
    egui: RefCell<Option<egui::Context>>,
    on_gesture: Box<dyn Fn(Gesture)>,
}

impl Stage {
    /// Shows a scene; nothing happens when it is the one already shown.
    pub fn show(&self, scene: Scene) {
        let mut shown = self.0.scene.borrow_mut();
        if shown.as_ref() == Some(&scene) {
            return;
        }
        *shown = Some(scene);
        if let Some(egui) = self.0.egui.borrow().as_ref() {
            egui.request_repaint();
        }
    }
}

/// Starts painting on `canvas`. Gestures arrive after the frame they belong to, never during it:
/// a handler may show the next scene at once.
pub fn start(canvas: HtmlCanvasElement, on_gesture: impl Fn(Gesture) + 'static) -> Stage {
    let stage = Stage(Rc::new(Inner {
        scene: RefCell::default(),
        egui: RefCell::default(),
        on_gesture: Box::new(on_gesture),
    }));
    let app_stage = stage.clone();
    wasm_bindgen_futures::spawn_local(async move {
        let focused = web_sys::window()
            .and_then(|w| w.document())
            .and_then(|d| d.active_element());
        let runner = eframe::WebRunner::new();
        let options = eframe::WebOptions {
            // The page's own shortcuts listen further up.
            should_stop_propagation: Box::new(|_event| false),
            ..Default::default()
        };
        let create: eframe::AppCreator<'static> = Box::new(move |context| {
            context.egui_ctx.set_fonts(fonts());
            *app_stage.0.egui.borrow_mut() = Some(context.egui_ctx.clone());
            Ok(Box::new(CanvasApp {
                stage: app_stage,
                pointer: Pointer::default(),
            }))
        });
        if let Err(why) = runner.start(canvas.clone(), options, create).await {
            web_sys::console::error_2(&"the timeline could not start".into(), &why);
            return;
        }
        // The wrapper is the tab stop: with focus on the canvas, eframe would swallow Tab and arrows.
        canvas.set_tab_index(-1);
        give_back(focused);
        // Dropping the runner would end it; it lives as long as the page.
        std::mem::forget(runner);
    });
    stage
}

/// Gives the keyboard focus back to whom eframe took it from.
fn give_back(focused: Option<web_sys::Element>) {
    let html = |element: web_sys::Element| element.dyn_into::<HtmlElement>().ok();
    let document = web_sys::window().and_then(|window| window.document());
    if let Some(thief) = document
        .and_then(|document| document.active_element())
        .and_then(html)
    {
        thief.blur().ok();
    }
    if let Some(element) = focused.and_then(html) {
        element.focus().ok();
    }
}

struct CanvasApp {
    stage: Stage,
    pointer: Pointer,
}

impl eframe::App for CanvasApp {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let gestures = match self.stage.0.scene.borrow().as_ref() {
            Some(scene) => frame(ui, scene, &mut self.pointer),
            None => Vec::new(),
        };
        if gestures.is_empty() {
            return;
        }
        let stage = self.stage.clone();
        wasm_bindgen_futures::spawn_local(async move {
            for gesture in gestures {
                (stage.0.on_gesture)(gesture);
            }
        });
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        let scene = self.stage.0.scene.borrow();
        scene.as_ref().map_or([0.0; 4], |scene| {
            scene.theme.background.to_normalized_gamma_f32()
        })
    }
}

/// The page's two fonts, cut down to the letters the canvas needs (egui reads no WOFF2).
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let files: [(&str, FontFamily, &'static [u8]); 2] = [
        (
            "inter",
            FontFamily::Proportional,
            include_bytes!("../../fonts/inter-canvas.ttf"),
        ),
        (
            "mono",
            FontFamily::Monospace,
            include_bytes!("../../fonts/jetbrains-mono-canvas.ttf"),
        ),
    ];
    for (name, family, bytes) in files {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
        fonts
            .families
            .entry(family)
            .or_default()
            .push(name.to_owned());
    }
    fonts
}
