//! `waybill profiles new`: the databases of known libraries and of somebody's own making become
//! profiles without an answer, and `waybill check` finds with them exactly what is missing.

mod asking;
mod hand_made;
mod libraries;
mod refused;
