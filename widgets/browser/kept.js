// What a browser keeps of a learner from one visit to the next: lists of names.

export function kept(list) {
  try {
    const found = JSON.parse(localStorage.getItem(list));
    return Array.isArray(found) ? found : [];
  } catch {
    return []; // a page from a file, or a browser that stores nothing
  }
}

export function keep(list, name) {
  try {
    localStorage.setItem(list, JSON.stringify([...new Set([...kept(list), name])]));
  } catch {
    // then it is not there next time
  }
}
