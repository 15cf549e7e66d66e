//! Ownership of librdkafka's objects.
#![expect(
    unsafe_code,
    reason = "librdkafka's objects are freed by its own functions"
)]

use std::ptr::NonNull;

/// An object of librdkafka that we own, and destroy when this is dropped.
pub(super) struct Owned<T> {
    object: NonNull<T>,
    destroy: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    /// Takes over what a constructor returned; `None` for null. `destroy` must be what the
    /// constructor's documentation names.
    pub(super) fn take(object: *mut T, destroy: unsafe extern "C" fn(*mut T)) -> Option<Self> {
        NonNull::new(object).map(|object| Self { object, destroy })
    }

    pub(super) fn ptr(&self) -> *mut T {
        self.object.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: the object came from the constructor that `destroy` belongs to, is owned by us
        // alone, and is destroyed only here.
        unsafe { (self.destroy)(self.object.as_ptr()) }
    }
}
