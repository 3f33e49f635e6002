import type { DataFlow } from "./data-flow.ts";
import {
  errorCode,
  type FrameHeader,
  frameFlag,
  frameType,
  maxFrameBytes,
  maxWindow,
  readUint32,
  settingId,
  writeUint32,
} from "./frame.ts";
import type { HeaderBlockWriter } from "./header-block-writer.ts";
import type { SessionCore } from "./session-core.ts";

/** SETTINGS entries that cost as much as one control frame. */
const settingsPerSpend = 4;

/** Announces our settings and takes the peer's. RFC 9113 section 6.5. */
export class SettingsExchange<Owner> {
  /** The peer's settings are known. */
  settled = false;
  readonly #core: SessionCore<Owner>;
  readonly #flow: DataFlow<Owner>;
  readonly #headers: HeaderBlockWriter;

  constructor(core: SessionCore<Owner>, flow: DataFlow<Owner>, headers: HeaderBlockWriter) {
    this.#core = core;
    this.#flow = flow;
    this.#headers = headers;
  }

  /** Sends our settings and the connection's window. */
  announce(): void {
    const { limits, output, role } = this.#core;
    const settings: readonly (readonly [id: number, value: number])[] = [
      [settingId.maxConcurrentStreams, limits.maxConcurrentStreams],
      [settingId.initialWindowSize, limits.streamWindowBytes],
      [settingId.maxHeaderListSize, limits.headerListBytes],
      role === "server" ? [settingId.enableConnectProtocol, 1] : [settingId.enablePush, 0],
    ];
    let at = output.frame({ length: settings.length * 6, type: frameType.settings, flags: 0, streamId: 0 });
    for (const [id, value] of settings) {
      output.buffer[at++] = 0;
      output.buffer[at++] = id;
      at = writeUint32(output.buffer, at, value);
    }
    // The connection's window starts at 65,535 whatever the settings say. RFC 9113 section 6.9.2.
    if (limits.connectionWindowBytes > 65_535) output.windowUpdate(0, limits.connectionWindowBytes - 65_535);
  }

  /** Takes a SETTINGS frame and answers it. */
  onSettings(header: FrameHeader, bytes: Buffer, start: number, end: number): number {
    const { faults, output } = this.#core;
    if (header.streamId !== 0) return faults.refuse(errorCode.protocolError, "SETTINGS on a stream");
    if (header.flags & frameFlag.ack) {
      return header.length === 0
        ? faults.spendControl()
        : faults.refuse(errorCode.frameSizeError, "SETTINGS ACK with a payload");
    }
    if (header.length % 6 !== 0) return faults.refuse(errorCode.frameSizeError, "SETTINGS of a wrong size");
    // Every entry may mean work for every stream.
    const code = faults.spendControl(Math.floor(header.length / (6 * settingsPerSpend)));
    if (code !== 0) return code;
    this.settled = true;
    for (let at = start; at < end; at += 6) {
      const id = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      const code = this.#onSetting(id, readUint32(bytes, at + 2));
      if (code !== 0) return code;
    }
    // Before any DATA that the new settings let through: the peer takes what comes behind the ACK to follow them.
    output.frame({ length: 0, type: frameType.settings, flags: frameFlag.ack, streamId: 0 });
    this.#flow.resume();
    return faults.spendAnswer();
  }

  #onSetting(id: number, value: number): number {
    const { faults, peer } = this.#core;
    switch (id) {
      case settingId.headerTableSize:
        this.#headers.resizeTable(value);
        return 0;
      case settingId.enablePush:
        if (value > 1) return faults.refuse(errorCode.protocolError, "SETTINGS_ENABLE_PUSH out of range");
        return 0;
      case settingId.maxConcurrentStreams:
        peer.maxConcurrentStreams = value;
        return 0;
      case settingId.initialWindowSize: {
        if (value > maxWindow)
          return faults.refuse(errorCode.flowControlError, "SETTINGS_INITIAL_WINDOW_SIZE out of range");
        const delta = value - peer.initialWindow;
        peer.initialWindow = value;
        return this.#flow.moveSendWindows(delta);
      }
      case settingId.maxFrameSize:
        if (value < maxFrameBytes || value > 16_777_215)
          return faults.refuse(errorCode.protocolError, "SETTINGS_MAX_FRAME_SIZE out of range");
        peer.maxFrameBytes = value;
        return 0;
      case settingId.enableConnectProtocol:
        if (value > 1) return faults.refuse(errorCode.protocolError, "SETTINGS_ENABLE_CONNECT_PROTOCOL out of range");
        peer.connectProtocol = value === 1;
        return 0;
      default:
        return 0;
    }
  }
}
