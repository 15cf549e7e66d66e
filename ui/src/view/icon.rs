//! The icons, drawn on a 16 × 16 grid with one stroke.

use leptos::prelude::*;

/// Shapes by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Icon {
    Lock,
    Search,
    Close,
    Check,
    Warn,
    Bad,
    Info,
    Arrow,
    Copy,
    Sun,
    Moon,
    Auto,
    Down,
    Plug,
    Spin,
    Dash,
    Question,
    Plus,
    Minus,
    Fit,
    Bolt,
    Inbox,
    Refresh,
}

fn path(icon: Icon) -> &'static str {
    match icon {
        Icon::Lock => "M3.5 7.5h9v6h-9zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
        Icon::Search => "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM10.8 10.8 14 14",
        Icon::Close => "m4 4 8 8M12 4l-8 8",
        Icon::Check => "m3 8.5 3.2 3.2L13 5",
        Icon::Warn => "M8 2.5 14.5 13.5h-13zM8 6.8v3M8 11.7v.1",
        Icon::Bad => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 5v3.5M8 10.9v.1",
        Icon::Info => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.5V11M8 5.1v-.1",
        Icon::Arrow => "m6 3.5 4.5 4.5L6 12.5",
        Icon::Copy => "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
        Icon::Sun => {
            "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7"
        }
        Icon::Moon => "M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6Z",
        Icon::Auto => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 2v12M8 5l4 0M8 8h5.9M8 11h4.6",
        Icon::Down => "m4 6 4 4 4-4",
        Icon::Plug => "M6 2v3M10 2v3M4.5 5h7v2.5a3.5 3.5 0 0 1-7 0zM8 11v3",
        Icon::Spin => "M8 2a6 6 0 1 1-6 6",
        Icon::Dash => "M4 8h8",
        Icon::Question => {
            "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.3 6.4a1.8 1.8 0 1 1 2.4 1.7c-.5.2-.7.6-.7 1M8 11.2v.1"
        }
        Icon::Plus => "M8 3.5v9M3.5 8h9",
        Icon::Minus => "M3.5 8h9",
        Icon::Fit => "M2.5 3v10M13.5 3v10M5 8h6M6.6 6.2 4.8 8l1.8 1.8M9.4 6.2 11.2 8 9.4 9.8",
        Icon::Bolt => "M9 1.8 3.5 9H7.5L6.8 14.2 12.5 7H8.4z",
        Icon::Inbox => "M2 9.5 4 3h8l2 6.5V13H2zM2 9.5h3.5L6.5 11h3l1-1.5H14",
        Icon::Refresh => "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.8V4.6h-2.8",
    }
}

/// An icon that says nothing to a screen reader; its neighbour does.
pub(super) fn icon(icon: Icon) -> impl IntoView {
    icon_with(icon, "icon")
}

/// An icon with classes of its own.
pub(super) fn icon_with(icon: Icon, class: &'static str) -> impl IntoView {
    view! {
        <svg class=class viewBox="0 0 16 16" aria-hidden="true">
            <path d=path(icon)></path>
        </svg>
    }
}

/// The mark of the product: a waybill with a stamp.
pub(super) fn mark() -> impl IntoView {
    view! {
        <svg width="18" height="18" viewBox="0 0 18 18" fill="none" stroke="currentColor" aria-hidden="true">
            <path d="M2 3h14v12H2z" stroke-width="1.4" stroke-linejoin="round"></path>
            <path d="M5 6.5h5M5 9h3" stroke-width="1.4" stroke-linecap="round"></path>
            <circle cx="12.2" cy="11" r="2.6" stroke-width="1.6"></circle>
        </svg>
    }
}
