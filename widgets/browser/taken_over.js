// A lab that has played recorded runs goes on in a kernel: same preset, lane and step, and no figure jumps.

const PARTS = ["panel", "figure", "board", "readings"];

// Resolves once the kernel's lab is where the recorded one is, and the page shows it instead.
export async function takeOver(lab, live, place) {
  const ids = await live.lab(place);
  const there = new Moved(live, ids.panel, await live.state(ids.panel));
  const { preset, selected } = { preset: lab.panel.get("preset"), selected: lab.panel.get("selected") };
  if (preset !== there.state.preset) await there.do({ do: "preset", index: preset }, (now) => now.preset === preset);
  if (selected !== there.state.selected)
    await there.do({ do: "select", lane: selected }, (now) => now.selected === selected);
  const step = lab.stepOf(lab.moment);
  if (step > 0) await there.do({ do: "go_to", step: String(step) }, ({ transport }) => transport.step >= step);
  lab.enter("paused");
  for (const part of PARTS) {
    const model = part === "figure" ? lab.figure.model : lab[part];
    connect(model, live, ids[part], await live.state(ids[part]));
  }
  live.send(ids.figure, { type: "hello" });
}

// The kernel's lab on its way to where the recorded one is.
class Moved {
  constructor(live, id, state) {
    Object.assign(this, { live, id, state, wanted: null });
    live.listen(id, { onState: (changes) => this.change(changes), onMessage: () => {} });
  }

  change(changes) {
    Object.assign(this.state, changes);
    if (this.wanted?.holds(this.state)) this.wanted.resolve();
  }

  // Ask for something and wait until it holds.
  do(command, holds) {
    return new Promise((resolve) => {
      this.wanted = { holds, resolve };
      this.live.send(this.id, command);
    });
  }
}

// From now on a model of the page is that of a widget in the kernel.
function connect(model, live, id, state) {
  model.receive = (message) => live.send(id, message);
  const show = (changes) => Object.entries(changes).forEach(([name, value]) => model.set(name, value));
  live.listen(id, { onState: show, onMessage: (content, buffers) => model.tell(content, buffers) });
  show(state);
}
