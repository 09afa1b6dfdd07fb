// Joined before the modules that tell their kernel something.

// What to say where nobody hears it any more.
const KERNEL_GONE = document.body.dataset.voila
  ? "The kernel of this page has ended. What you see stays; load the page again to go on."
  : "The kernel of this lab was restarted or has ended. What you see stays; run the cell again for a new lab.";

// Returns false if the kernel that made the model is gone: jupyter-widgets throws at whoever tells it something then.
function tell(model, message) {
  try {
    model.send(message);
    return true;
  } catch (error) {
    console.debug("Nobody heard", message, error);
    return false;
  }
}

// Jupyter's connection to the kernel of a model, with signals of its own; other notebooks may have none.
function kernelOf(model) {
  return model.widget_manager?.kernel ?? null;
}

// The kernel of a model is gone for good: it was restarted, has ended, or the page has been told that it has.
function whenGone(model, gone) {
  const ends = (_, status) => ["restarting", "autorestarting", "dead"].includes(status) && gone();
  const kernel = kernelOf(model);
  kernel?.statusChanged.connect(ends);
  document.addEventListener("tdl-kernel-gone", gone);
  return () => {
    kernel?.statusChanged.disconnect(ends);
    document.removeEventListener("tdl-kernel-gone", gone);
  };
}
