// What all labs of a page have in common. Each widget may come with a copy of this module of its own.

export const page = (globalThis.__trainingDynamicsLab ??= {});
