"""Two ways of using a page, with one interface: with a mouse, and with the keyboard alone."""

from abc import ABC, abstractmethod
from datetime import date, datetime
from pathlib import Path
from typing import Final

from playwright.async_api import Locator, Page, expect

MOST_TABS: Final = 250
"""So many presses of Tab lead to everything on any of our pages; more lead nowhere."""
PASTED: Final = 200
"""A text of more characters than that is pasted, as people do with keys and certificates."""
_STOPS: Final = """element => {
    const at = document.activeElement;
    const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]");
    const stops = [...all].filter((each) => each === at || each === element || (
        each.tabIndex >= 0 && !each.disabled && each.checkVisibility() && (each.type !== "radio" || each.checked)
    ));
    return stops.indexOf(element) - stops.indexOf(at);
}"""
"""About how many stops of Tab lie between the focus and an element; 0 is there, and below 0 it lies behind."""


class Hands(ABC):
    """Somebody at a page. Each method does one thing that a person does there, and waits for what it is done to."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @abstractmethod
    async def press(self, target: Locator) -> None:
        """Press a button, or follow a link."""

    @abstractmethod
    async def point_at(self, target: Locator) -> None:
        """Put the mouse over something, or the focus on it."""

    @abstractmethod
    async def tick(self, box: Locator) -> None:
        """Turn a check box to its other state."""

    @abstractmethod
    async def choose(self, radio: Locator) -> None:
        """Choose one of a group of radio buttons."""

    @abstractmethod
    async def select(self, target: Locator, label: str) -> None:
        """Select the option of a drop-down list that has this label."""

    @abstractmethod
    async def _go_to_first_part(self, target: Locator) -> None:
        """Put the focus on the first part of a field for a date or a time."""

    async def write_time(self, target: Locator, moment: date) -> None:
        """Write into a field for a date, or for a date and a time, part by part in the order of `running_browser`."""
        parts = [f"{moment:%m}", f"{moment:%d}", f"{moment:%Y}"]
        if isinstance(moment, datetime):
            parts += [f"{moment:%I}", f"{moment:%M}", f"{moment:%p}"]
        await self._go_to_first_part(target)
        for part in parts:
            await self.page.keyboard.type(part)
            if len(part) > len("31"):  # a year may have more digits than four
                await self.page.keyboard.press("ArrowRight")

    async def write(self, target: Locator, text: str) -> None:
        """Write into a text field, in place of what stands there."""
        await self._go_into(target)
        await self.page.keyboard.press("Control+A")
        if len(text) > PASTED:
            await self.page.keyboard.insert_text(text)
        elif text:
            await self.page.keyboard.type(text)
        else:
            await self.page.keyboard.press("Delete")

    async def give_file(self, opener: Locator, file: Path) -> None:
        """Press what opens the browser's dialogue for files, and choose one there."""
        async with self.page.expect_file_chooser() as chooser:
            await self.press(opener)
        await (await chooser.value).set_files(file)

    @abstractmethod
    async def _go_into(self, target: Locator) -> None:
        """Put the focus into a field."""


class Mouse(Hands):
    """Clicks at what is visible, and types into what was clicked."""

    async def press(self, target: Locator) -> None:
        """Click."""
        await target.click()

    async def point_at(self, target: Locator) -> None:
        """Put the mouse over it."""
        await target.hover()

    async def tick(self, box: Locator) -> None:
        """Click the check box."""
        before = await box.is_checked()
        await box.click()
        await expect(box).to_be_checked(checked=not before)

    async def choose(self, radio: Locator) -> None:
        """Click the radio button."""
        await radio.click()
        await expect(radio).to_be_checked()

    async def select(self, target: Locator, label: str) -> None:
        """Select the option; an open list is the browser's own window, which nothing outside can click into."""
        await target.hover()
        await target.select_option(label=label)

    async def _go_to_first_part(self, target: Locator) -> None:
        await target.click(position={"x": 12, "y": 12})

    async def _go_into(self, target: Locator) -> None:
        await target.click()


class Keyboard(Hands):
    """Goes to everything with Tab and Shift+Tab, and has no mouse."""

    async def press(self, target: Locator) -> None:
        """Press Enter on it; on what takes a file, the space bar, as everywhere a check box is meant."""
        await self.tab_to(target)
        await self.page.keyboard.press("Space" if await target.get_attribute("type") == "file" else "Enter")

    async def point_at(self, target: Locator) -> None:
        """Put the focus on it."""
        await self.tab_to(target)

    async def tick(self, box: Locator) -> None:
        """Press the space bar on it."""
        before = await box.is_checked()
        await self.tab_to(box)
        await self.page.keyboard.press("Space")
        await expect(box).to_be_checked(checked=not before)

    async def choose(self, radio: Locator) -> None:
        """Go to the group, to whose chosen one Tab leads, and with the arrows on to the one that is meant."""
        await radio.wait_for()
        group = self.page.locator(f'[name="{await radio.get_attribute("name")}"]')
        chosen = group.and_(self.page.locator(":checked"))
        if await chosen.count():
            await self.tab_to(chosen)
        else:
            await self._go_to_one_of(radio)
            await self.page.keyboard.press("Space")
        for _ in range(await group.count()):
            if await radio.is_checked():
                break
            await self.page.keyboard.press("ArrowDown")
        await expect(radio).to_be_checked()

    async def select(self, target: Locator, label: str) -> None:
        """Go to the list, and with the arrows on to the option."""
        steps: int = await target.evaluate(
            "(list, label) => [...list.options].findIndex((each) => each.label === label) - list.selectedIndex", label
        )
        await self.tab_to(target)
        for _ in range(abs(steps)):
            await self.page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
        assert await target.evaluate("list => list.selectedOptions[0]?.label") == label

    async def _go_to_first_part(self, target: Locator) -> None:
        await self.tab_to(target)
        while await target.evaluate("element => element === document.activeElement"):  # each part is a stop of Tab
            await self.page.keyboard.press("Shift+Tab")
        await self.page.keyboard.press("Tab")

    async def tab_to(self, target: Locator) -> None:
        """Press Tab, or Shift+Tab where it lies behind, until the target has the focus."""
        await expect(target).to_be_visible()
        await expect(target).to_be_enabled()
        pressed = 0
        while stops := await target.evaluate(_STOPS):
            assert pressed < MOST_TABS, f"the keyboard does not lead to {target}"
            for _ in range(abs(stops)):
                await self.page.keyboard.press("Tab" if stops > 0 else "Shift+Tab")
            pressed += abs(stops)

    async def _go_into(self, target: Locator) -> None:
        await self.tab_to(target)

    async def _go_to_one_of(self, radio: Locator) -> None:
        """Press Tab until one of a group has the focus in which none is chosen."""
        has_focus = "element => element.name === document.activeElement.name"
        for _ in range(MOST_TABS):
            if await radio.evaluate(has_focus):
                return
            await self.page.keyboard.press("Tab" if await radio.evaluate(_STOPS) > 0 else "Shift+Tab")
        raise AssertionError(f"the keyboard does not lead to {radio}")
