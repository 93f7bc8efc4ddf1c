"""How the view looks, in Textual's own language. No border that ASCII cannot show."""

CSS = """
Screen { layout: vertical; }
#summary { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
#banner { height: auto; max-height: 3; padding: 0 1; display: none; text-style: bold; }
#banner.shown { display: block; background: $error; color: $text; }
#banner.back { background: $success; color: $text; }
ProgramTable { height: 1fr; min-height: 3; scrollbar-size: 1 1; scrollbar-gutter: stable;
  overflow-x: hidden; }
#about, #reason { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
#about { border-top: none; background: $panel; }
#reason { background: $panel; }
Details { height: 1fr; }
Screen.tall Details { height: 2fr; }
Screen.zoomed ProgramTable { display: none; }
Screen.zoomed Details { height: 1fr; }
TabbedContent { height: 1fr; }
Tabs { height: 1; }
Tabs Underline { display: none; }
Tab.-active { text-style: bold reverse; }
Tabs:focus Tab.-active { text-style: bold reverse underline; }
TabPane { padding: 0 0; height: 1fr; }
#log-state { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap;
  text-overflow: ellipsis; }
Lines { height: 1fr; scrollbar-size: 1 1; scrollbar-gutter: stable; padding: 0 0 0 1; }
#incident-list { width: 32; height: 1fr; border: none; scrollbar-size: 1 1; }
#incident-list:focus { border: none; }
#asking { display: none; height: 1; background: $panel; }
#asking.shown { display: block; }
#asking Label { width: auto; padding: 0 1; text-style: bold; }
#prompt, #prompt:focus { height: 1; width: 1fr; border: none; padding: 0; }
ModalScreen { align: center middle; }
.dialog { width: 64; max-width: 96%; height: auto; max-height: 90%; padding: 1 2;
  background: $surface; border: ascii $primary; }
.help { width: 76; }
.output { width: 96%; height: 90%; }
.question { text-style: bold; margin-bottom: 1; }
.dialog Label { width: 1fr; }
.buttons { height: 1; margin-top: 1; }
.buttons Button { margin-right: 2; }
"""
