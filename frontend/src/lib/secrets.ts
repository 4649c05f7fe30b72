const SECRET = /pass(word|wd|phrase)?$|secret|token|api[_-]?key|private[_-]?key|credential|authori[sz]ation|^cookie$/i;

/** Whether what goes by this name should not be read over a shoulder. */
export function looksSecret(name: string): boolean {
  return SECRET.test(name);
}
