/** What stands in a target file for what a person has still to say. `recover target init` writes it; no field means it. */
export const toDoMark = 'TODO';
