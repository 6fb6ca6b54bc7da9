// A small window over the wall. It never covers the lane, closes by itself, and gives the focus back.

const IDLE_MS = 120_000; // nobody is there any more: what is behind it must be seen

export class Dialog {
  constructor(box) {
    this.box = box;
    this.noteBox = box.querySelector(".note");
    this.opener = null;
    for (const button of box.querySelectorAll(".close")) button.addEventListener("click", () => box.close());
    for (const event of ["pointerdown", "keydown"]) box.addEventListener(event, () => this.wait());
    box.addEventListener("close", () => this.closed());
  }

  get open() {
    return this.box.open;
  }

  /** Open it; when it closes, the focus goes back to the first of these that is still to be seen. */
  show(...openers) {
    this.openers = openers;
    this.box.showModal();
    this.wait();
  }

  wait() {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.box.close(), IDLE_MS);
  }

  closed() {
    clearTimeout(this.idle);
    this.openers.find((opener) => opener.isConnected && !opener.hidden)?.focus();
  }

  /** Close it without giving the focus back: it goes elsewhere. */
  leave() {
    this.openers = [];
    this.box.close();
  }

  note(text) {
    if (this.noteBox.textContent !== text) this.noteBox.textContent = text;
    this.noteBox.hidden = !text;
  }
}
