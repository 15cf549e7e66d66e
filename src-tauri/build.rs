//! Tells Tauri the commands there are, so that each needs a permission of its own.

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(&["ask", "act", "ui_ready"]);
    let attributes = tauri_build::Attributes::new()
        .app_manifest(manifest)
        .windows_attributes(
            tauri_build::WindowsAttributes::new().window_icon_path("../icons/icon.ico"),
        );
    tauri_build::try_build(attributes).expect("tauri.conf.json and the capabilities are valid");
}
