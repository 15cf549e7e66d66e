//! Wrong profiles, and what is said about them.
