//! The handle that views hold: look at the state, send a message.

use std::rc::Rc;

use leptos::prelude::*;

use super::perform::perform;
use crate::host::Host;
use crate::state::{Message, State};

/// The page. Cheap to copy into every handler.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    state: RwSignal<State>,
    host: StoredValue<Rc<dyn Host>, LocalStorage>,
}

impl Page {
    pub(crate) fn new(host: Rc<dyn Host>) -> Self {
        Self {
            state: RwSignal::new(State::default()),
            host: StoredValue::new_local(host),
        }
    }

    /// Tells the state what happened and sees to it that what follows is done.
    pub(crate) fn dispatch(self, message: Message) {
        let effects = self
            .state
            .try_update(|state| state.update(message))
            .unwrap_or_default();
        for effect in effects {
            perform(self, effect);
        }
    }

    /// A part of the state that tells when it has changed.
    pub(crate) fn memo<T>(self, part: impl Fn(&State) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| self.state.with(&part))
    }

    /// Looks at the state once, without being told when it changes.
    pub(crate) fn peek<T>(self, part: impl FnOnce(&State) -> T) -> T {
        self.state.with_untracked(part)
    }

    pub(super) fn host(self) -> Rc<dyn Host> {
        self.host.get_value()
    }
}

/// The page, inside of a component.
pub(crate) fn use_page() -> Page {
    expect_context::<Page>()
}
