//! The page's tokens as the canvas needs them. No colour is written here: all are read from CSS.

use egui::Color32;

/// The colours of the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Theme {
    /// `--bg`
    pub background: Color32,
    /// `--line`
    pub line: Color32,
    /// `--line-soft`
    pub line_soft: Color32,
    /// `--text`
    pub text: Color32,
    /// `--muted`
    pub muted: Color32,
    /// `--faint`
    pub faint: Color32,
    /// `--accent`
    pub accent: Color32,
    /// `--stored`
    pub stored: Color32,
    /// `--outbox`
    pub outbox: Color32,
    /// `--published`
    pub published: Color32,
    /// `--consumed`
    pub consumed: Color32,
    /// `--missing`
    pub missing: Color32,
    /// `--late`
    pub late: Color32,
    /// `--dead`
    pub dead: Color32,
    /// `--unknown`
    pub unknown: Color32,
    /// Whether `color-scheme` is dark.
    pub dark: bool,
}

/// Heights in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// `--axis`: what the time labels need above the lanes.
    pub axis: f32,
    /// `--lane`
    pub lane: f32,
    /// `--gap`: between lanes.
    pub gap: f32,
    /// Nothing moves by itself (`prefers-reduced-motion`).
    pub still: bool,
}

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// The business row.
    Stored,
    /// The outbox row.
    Outbox,
    /// A copy on the broker.
    Published,
    /// A consumer has it.
    Consumed,
    /// Missing.
    Missing,
    /// Late.
    Late,
    /// Dead-lettered.
    Dead,
    /// Cannot know.
    Unknown,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            axis: 24.0,
            lane: 28.0,
            gap: 4.0,
            still: false,
        }
    }
}

impl Metrics {
    /// The top of a lane below the axis.
    pub fn lane_top(&self, lane: usize) -> f32 {
        lane as f32 * (self.lane + self.gap)
    }

    /// The height of all lanes together, without the axis.
    pub fn lanes_height(&self, n_lanes: usize) -> f32 {
        n_lanes as f32 * (self.lane + self.gap)
    }
}

impl Theme {
    /// Reads the colours through `token`, which answers a custom property's value.
    pub fn read(token: impl Fn(&str) -> String) -> Self {
        let color = |name: &str| parse(&token(name)).unwrap_or(Color32::PLACEHOLDER);
        Self {
            background: color("--bg"),
            line: color("--line"),
            line_soft: color("--line-soft"),
            text: color("--text"),
            muted: color("--muted"),
            faint: color("--faint"),
            accent: color("--accent"),
            stored: color("--stored"),
            outbox: color("--outbox"),
            published: color("--published"),
            consumed: color("--consumed"),
            missing: color("--missing"),
            late: color("--late"),
            dead: color("--dead"),
            unknown: color("--unknown"),
            dark: token("color-scheme").contains("dark"),
        }
    }

    /// The colour of a tone.
    pub fn tone(&self, tone: Tone) -> Color32 {
        match tone {
            Tone::Stored => self.stored,
            Tone::Outbox => self.outbox,
            Tone::Published => self.published,
            Tone::Consumed => self.consumed,
            Tone::Missing => self.missing,
            Tone::Late => self.late,
            Tone::Dead => self.dead,
            Tone::Unknown => self.unknown,
        }
    }
}

/// `#rrggbb`, the only form the tokens are written in.
fn parse(text: &str) -> Option<Color32> {
    let hex = text.trim().strip_prefix('#').filter(|hex| hex.len() == 6)?;
    Color32::from_hex(&format!("#{hex}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_or_shows_as_a_hole() {
        let theme = Theme::read(|name| {
            if name == "--bg" {
                " #0e1116 ".to_owned()
            } else {
                String::new()
            }
        });
        assert_eq!(theme.background.to_array(), [0x0e, 0x11, 0x16, 0xff]);
        assert_eq!(theme.line, Color32::PLACEHOLDER);
    }
}
