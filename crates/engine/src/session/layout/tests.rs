//! What a profile makes us read.
