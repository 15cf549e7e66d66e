//! `cargo xtask icons`: every size and format of the icon, from `icons/waybill.svg`.
//!
//! What it writes is committed, so that nobody needs a drawing tool to build.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{install, workspace};

/// Side in pixels and file name of each picture.
const PICTURES: [(u32, &str); 4] = [
    (32, "32x32.png"),
    (128, "128x128.png"),
    (256, "128x128@2x.png"),
    (512, "icon.png"),
];

/// What Windows asks for, in pixels.
const ICO_SIDES: [u32; 5] = [16, 32, 48, 64, 256];

/// What macOS asks for: the type that stands for a side, and the side in pixels.
const ICNS_TYPES: [(&[u8; 4], u32); 4] = [
    (b"ic07", 128),
    (b"ic08", 256),
    (b"ic09", 512),
    (b"ic10", 1024),
];

/// Draws them all anew.
pub(crate) fn run() -> Result<()> {
    install::packages(&["librsvg2-bin"])?;
    let folder = workspace::root().join("icons");
    let source = folder.join("waybill.svg");
    if !source.exists() {
        bail!("{} does not exist", source.display());
    }
    for (side, name) in PICTURES {
        write(&folder.join(name), &png(&source, side)?)?;
    }
    let pictures = ICO_SIDES.map(|side| png(&source, side).map(|png| (side, png)));
    let pictures = pictures.into_iter().collect::<Result<Vec<_>>>()?;
    write(&folder.join("icon.ico"), &ico(&pictures)?)?;
    let pictures = ICNS_TYPES.map(|(kind, side)| png(&source, side).map(|png| (*kind, png)));
    let pictures = pictures.into_iter().collect::<Result<Vec<_>>>()?;
    write(&folder.join("icon.icns"), &icns(&pictures)?)
}

fn png(source: &Path, side: u32) -> Result<Vec<u8>> {
    let side = side.to_string();
    let output = Command::new("rsvg-convert")
        .args(["--width", &side, "--height", &side, "--format", "png"])
        .arg(source)
        .stdin(Stdio::null())
        .output()
        .context("failed to start rsvg-convert")?;
    if !output.status.success() {
        bail!(
            "rsvg-convert failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output.stdout)
}

/// A directory of pictures, each a whole PNG: Windows has read these since Vista.
fn ico(pictures: &[(u32, Vec<u8>)]) -> Result<Vec<u8>> {
    const HEADER: usize = 6;
    const ENTRY: usize = 16;
    let count = u16::try_from(pictures.len()).context("too many pictures")?;
    let mut file = vec![0, 0, 1, 0];
    file.extend(count.to_le_bytes());
    let mut offset = HEADER + ENTRY * pictures.len();
    for (side, png) in pictures {
        // 256 does not fit into a byte; 0 stands for it.
        let side = u8::try_from(*side).unwrap_or(0);
        file.extend([side, side, 0, 0, 1, 0, 32, 0]);
        file.extend(
            u32::try_from(png.len())
                .context("a picture is too large")?
                .to_le_bytes(),
        );
        file.extend(
            u32::try_from(offset)
                .context("the pictures are too large")?
                .to_le_bytes(),
        );
        offset += png.len();
    }
    for (_, png) in pictures {
        file.extend(png);
    }
    Ok(file)
}

/// A list of pictures, each behind its type and length; the lengths count themselves.
fn icns(pictures: &[([u8; 4], Vec<u8>)]) -> Result<Vec<u8>> {
    const HEADER: usize = 8;
    let total: usize = HEADER
        + pictures
            .iter()
            .map(|(_, png)| HEADER + png.len())
            .sum::<usize>();
    let mut file = b"icns".to_vec();
    file.extend(
        u32::try_from(total)
            .context("the pictures are too large")?
            .to_be_bytes(),
    );
    for (kind, png) in pictures {
        file.extend(kind);
        let length = u32::try_from(HEADER + png.len()).context("a picture is too large")?;
        file.extend(length.to_be_bytes());
        file.extend(png);
    }
    Ok(file)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("failed to write {}", path.display()))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ico_points_at_its_pictures() {
        let file = ico(&[(16, b"small".to_vec()), (256, b"large!".to_vec())]).expect("it is small");
        let entry = |index: usize| &file[6 + 16 * index..6 + 16 * (index + 1)];
        assert_eq!(file[..6], [0, 0, 1, 0, 2, 0]);
        assert_eq!(
            entry(0),
            [16, 16, 0, 0, 1, 0, 32, 0, 5, 0, 0, 0, 38, 0, 0, 0]
        );
        assert_eq!(entry(1), [0, 0, 0, 0, 1, 0, 32, 0, 6, 0, 0, 0, 43, 0, 0, 0]);
        assert_eq!(&file[38..], b"smalllarge!");
    }

    #[test]
    fn an_icns_counts_its_own_headers() {
        let file = icns(&[(*b"ic07", b"png".to_vec())]).expect("it is small");
        assert_eq!(file, b"icns\0\0\0\x13ic07\0\0\0\x0bpng");
    }
}
