//! The whole way, as a user goes it: the real `waybill` program against the demo and real servers,
//! held against the world's ledger of what really happened.

mod demo;
mod killed;
mod layouts;
mod ledger;
mod profiles_new;
mod real;
mod refused;
mod undisturbed;
