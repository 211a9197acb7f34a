/** The samples of Prometheus' text format by name with labels, as they are written there: `name{a="b"}`. */
export function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const space = line.lastIndexOf(' ');
    if (line !== '' && !line.startsWith('#')) samples.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return samples;
}

/** Those that are not zero and begin so. */
export function countsOf(text: string, beginning: string): Record<string, number> {
  return Object.fromEntries([...samplesOf(text)].filter(([name, value]) => name.startsWith(beginning) && value !== 0));
}
