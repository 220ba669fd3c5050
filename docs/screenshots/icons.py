"""Makes the PNG icons of frontend/icons/ from icon.svg: python docs/screenshots/icons.py"""

from pathlib import Path

from playwright.sync_api import sync_playwright

FRONTEND = Path(__file__).parent.parent.parent / "frontend"
CHROMIUM = "/usr/bin/chromium"
GREEN = "#17634a"
# Name -> (pixels, part of the width that the picture takes). A mask may cut a fifth off each side.
ICONS = {
    "icon-192": (192, 1.0),
    "icon-512": (512, 1.0),
    "maskable-512": (512, 0.8),
    "apple-touch-icon": (180, 0.9),
}


def main() -> None:
    """Draw all icons; those that are masked have no transparent corner."""
    svg = (FRONTEND / "icon.svg").read_text()
    with sync_playwright() as driver:
        page = driver.chromium.launch(executable_path=CHROMIUM).new_page()
        for name, (size, part) in ICONS.items():
            ground = GREEN if part < 1 else "transparent"
            page.set_viewport_size({"width": size, "height": size})
            page.set_content(
                f"<style>*{{margin:0}}body{{display:grid;place-items:center;height:100vh;"
                f"background:{ground}}}svg{{width:{part * 100}%}}</style>{svg}"
            )
            path = FRONTEND / "icons" / f"{name}.png"
            path.parent.mkdir(exist_ok=True)
            page.screenshot(path=path, omit_background=True)


if __name__ == "__main__":
    main()
