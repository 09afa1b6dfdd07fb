// Telling a kernel something, and hearing what it says.

// What to say where nobody hears it any more.
export const KERNEL_GONE = document.body.dataset.voila
  ? "The kernel of this page has ended. What you see stays; load the page again to go on."
  : "The kernel of this lab was restarted or has ended. What you see stays; run the cell again for a new lab.";

// Returns false if the kernel that made the model is gone: jupyter-widgets throws at whoever tells it something then.
export function tell(model, message) {
  try {
    model.send(message);
    return true;
  } catch (error) {
    console.debug("Nobody heard", message, error);
    return false;
  }
}

// Jupyter's connection to the kernel of a model, with signals of its own; other notebooks may have none.
export function kernelOf(model) {
  return model.widget_manager?.kernel ?? null;
}

// The kernel of a model is gone for good: it was restarted, has ended, or the page has been told that it has.
export function whenGone(model, gone) {
  const ends = (_, status) => ["restarting", "autorestarting", "dead"].includes(status) && gone();
  const kernel = kernelOf(model);
  kernel?.statusChanged.connect(ends);
  document.addEventListener("tdl-kernel-gone", gone);
  return () => {
    kernel?.statusChanged.disconnect(ends);
    document.removeEventListener("tdl-kernel-gone", gone);
  };
}

// What jupyter-widgets calls a model, behind the part of it that anywidget shows us.
function wholeModel(model) {
  let whole = null;
  const take = (sender) => (whole = sender);
  model.on("change:tdl_asked", take);
  model.set("tdl_asked", {}); // never sent: nothing here saves its changes
  model.off("change:tdl_asked", take);
  return whole;
}

// anywidget gives a module two seconds to load. Where a slow device takes longer, its model then throws at everything
// that the kernel says, for good: the lab stands there, and never draws. Such a model is taken back to what
// jupyter-widgets does with messages, and asks for what it has missed.
export async function hearKernel(model) {
  const whole = wholeModel(model);
  const nothing = { content: { data: { method: "" } } };
  const isDeaf = await whole._handle_comm_msg(nothing).then(
    () => false,
    () => true,
  );
  if (!isDeaf || !whole.comm) return;
  const { _handle_comm_msg: hear } = Object.getPrototypeOf(Object.getPrototypeOf(whole));
  whole.comm.on_msg((message) => hear.call(whole, message));
  try {
    whole.comm.send({ method: "request_state" });
  } catch (error) {
    console.debug("Nobody was asked for what was missed", error);
  }
}
