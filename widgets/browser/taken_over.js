// A lab that has played recorded runs goes on in a kernel: same preset, lane and step, and no figure jumps.

// What begins another run, so that nothing of the present one is needed. So does a setting that is not hot, and any in a
// run that has ended.
const BEGINS_AGAIN = new Set(["add_lane", "remove_lane", "new_seed", "device"]);

function beginsAgain(lab, was, message) {
  const isHot = ({ name, hot }) => name === message.field && hot;
  const goesOn = was !== "finished" && lab.panel.get("fields").some(isHot);
  return BEGINS_AGAIN.has(message.do) || (message.do === "set" && !goesOn);
}

// Resolves once the kernel's lab is where the recorded one is, and the page shows it instead. `asked()` are the messages
// that wait for it.
export async function takeOver(lab, lesson, place, asked) {
  const ids = await lesson.lab(place);
  const there = new Moved(lesson, ids.panel, await lesson.state(ids.panel));
  const preset = lab.panel.get("preset");
  const selected = lab.panel.get("selected");
  if (preset !== there.state.preset) await there.do({ do: "preset", index: preset }, (now) => now.preset === preset);
  if (selected !== there.state.selected)
    await there.do({ do: "select", lane: selected }, (now) => now.selected === selected);
  const was = lab.state;
  lab.enter("paused");
  const step = lab.stepOf(lab.moment);
  const isNew = lab.opened || asked().some((message) => beginsAgain(lab, was, message));
  if (isNew && was === "paused" && !lab.opened) lesson.send(ids.panel, { do: "pause" });
  if (!isNew && step > 0)
    await there.do({ do: "go_to", step: String(step) }, ({ transport }) => {
      lab.call(`recorded run; a kernel trains up to here (step ${transport.step})`);
      return transport.step >= step;
    });
  const models = lab.models();
  for (const [part, model] of Object.entries(models)) connect(model, lesson, ids[part], await lesson.state(ids[part]));
  lesson.send(ids.figure, { type: "hello" });
  if (!isNew && was === "running") lesson.send(ids.panel, { do: "play" });
}

// The kernel's lab on its way to where the recorded one is.
class Moved {
  constructor(lesson, id, state) {
    Object.assign(this, { lesson, id, state, wanted: null });
    lesson.listen(id, { onState: (changes) => this.change(changes), onMessage: () => {} });
  }

  change(changes) {
    Object.assign(this.state, changes);
    if (this.wanted?.holds(this.state)) this.wanted.resolve();
  }

  // Ask for something and wait until it holds.
  do(command, holds) {
    const done = new Promise((resolve) => (this.wanted = { holds, resolve }));
    this.lesson.send(this.id, command);
    return Promise.race([done, this.lesson.ended]);
  }
}

// From now on a model of the page is that of a widget in the kernel.
function connect(model, lesson, id, state) {
  const show = (changes) => Object.entries(changes).forEach(([name, value]) => model.set(name, value));
  model.receive = (message) => lesson.send(id, message);
  lesson.listen(id, { onState: show, onMessage: (content, buffers) => model.tell(content, buffers) });
  show(state);
}
