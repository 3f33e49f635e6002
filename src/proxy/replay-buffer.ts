/** The part of a request's body that is kept so that it can be sent (again). Grows as needed; whoever fills it bounds it. */
export class ReplayBuffer {
  bytes: Buffer = noBytes;
  length = 0;

  append(source: Buffer, start: number, end: number): void {
    const needed = this.length + end - start;
    if (this.bytes.length < needed) {
      const larger = Buffer.allocUnsafeSlow(Math.max(4_096, needed * 2));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    source.copy(this.bytes, this.length, start, end);
    this.length = needed;
  }

  clear(): void {
    this.bytes = noBytes;
    this.length = 0;
  }
}

const noBytes = Buffer.alloc(0);
