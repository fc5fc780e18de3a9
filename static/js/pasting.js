/* Text pasted from Word keeps its headings and lists: they are written as plain lines that begin with "# " and "- ".
 * Only text comes into the field, never HTML. Without this what is pasted is plain text. */

const BLOCKS = new Set(["P", "DIV", "LI", "TR", "H1", "H2", "H3", "H4", "H5", "H6", "UL", "OL", "TABLE", "BLOCKQUOTE", "PRE", "BR", "SECTION", "ARTICLE"]);
const UNSEEN = new Set(["SCRIPT", "STYLE", "HEAD", "TITLE", "META", "LINK", "TEMPLATE", "XML"]);

// Word writes the bullet of a list into the text, and says so.
const isBullet = (node) => /mso-list:\s*Ignore/i.test(node.getAttribute("style") ?? "");
const isListed = (node) => node.tagName === "LI" || /MsoListParagraph|\bListParagraph/i.test(node.className) || /mso-list:\s*l\d/i.test(node.getAttribute("style") ?? "");
const depthOf = (node) => {
  if (/^H[1-6]$/.test(node.tagName)) return Number(node.tagName[1]);
  const outline = /mso-outline-level:\s*(\d)/i.exec(node.getAttribute("style") ?? "");
  return outline ? Number(outline[1]) : 0;
};

const linesOf = (root) => {
  const lines = [];
  let words = "", mark = "";
  const end = (next = "") => {
    const line = words.replace(/\s+/g, " ").trim();
    if (line) lines.push(mark + line);
    words = "";
    mark = next;
  };
  const go = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { words += node.data; return; }
    if (node.nodeType !== Node.ELEMENT_NODE || UNSEEN.has(node.tagName) || isBullet(node)) return;
    if (node.tagName === "TR") {
      end();
      const cells = [...node.cells].map((cell) => linesOf(cell).map((line) => line.replace(/^(?:#+|-) /, "")).join(" "));
      if (cells.some(Boolean)) lines.push(cells.join(" | "));
      return;
    }
    const isBlock = BLOCKS.has(node.tagName);
    if (isBlock) {
      const depth = depthOf(node);
      const kept = node.tagName === "P" && node.parentElement?.tagName === "LI" && !words.trim() ? mark : "";
      end(depth ? `${"#".repeat(depth)} ` : isListed(node) ? "- " : kept);
    }
    node.childNodes.forEach(go);
    if (isBlock) end();
  };
  root.childNodes.forEach(go);
  end();
  return lines;
};

for (const field of document.querySelectorAll("textarea[data-paste]")) {
  field.addEventListener("paste", (event) => {
    const html = event.clipboardData?.getData("text/html");
    if (!html) return;
    const text = linesOf(new DOMParser().parseFromString(html, "text/html").body).join("\n");
    if (!text) return;
    event.preventDefault();
    // The command keeps what the browser can undo; where it is gone the text is put in without it.
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
}
