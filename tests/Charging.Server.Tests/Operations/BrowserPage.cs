using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>
/// A page, with verbs for what somebody does who sits before it. Things are named by selectors. Disposing it fails the test
/// when the browser had anything to complain of that the test did not declare.
/// </summary>
public sealed class BrowserPage(Browser browser, string id) : IAsyncDisposable
{
    private readonly List<string> _expected = [];

    /// <summary>Declares a complaint of the browser, by a part of it.</summary>
    public void Expect(string complaint) => _expected.Add(complaint);

    /// <summary>Signs in.</summary>
    public async Task SignInAsync(string key)
    {
        await TypeAsync("#key", key);
        await ClickAsync("#sign-in button");
    }

    /// <summary>Signs in, and waits until everything is there and goes on.</summary>
    public async Task WatchAsync(string key)
    {
        await SignInAsync(key);
        await SeesAsync("#link[data-state=live]");
    }

    /// <summary>Waits until something is to be seen.</summary>
    public Task SeesAsync(string selector) => DoAsync("see", new JsonObject { ["selector"] = selector });

    /// <summary>Waits until there are so many.</summary>
    public Task SeesAsync(string selector, int count) => DoAsync("see", new JsonObject { ["selector"] = selector, ["count"] = count });

    /// <summary>Waits until something is not to be seen.</summary>
    public Task SeesNoAsync(string selector) => DoAsync("gone", new JsonObject { ["selector"] = selector });

    /// <summary>Clicks.</summary>
    public Task ClickAsync(string selector) => DoAsync("click", new JsonObject { ["selector"] = selector });

    /// <summary>Types into a field, in place of what is there.</summary>
    public Task TypeAsync(string selector, string text) => DoAsync("type", new JsonObject { ["selector"] = selector, ["text"] = text });

    /// <summary>Goes to another tab, or comes back.</summary>
    public Task LookAsync(bool looks) => AskAsync<bool>($$"""
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "{{(looks ? "visible" : "hidden")}}" });
        document.dispatchEvent(new Event("visibilitychange"))
        """);

    /// <summary>Presses keys, such as `Escape`.</summary>
    public Task PressAsync(string keys) => DoAsync("press", new JsonObject { ["keys"] = keys });

    /// <summary>Loads the page again.</summary>
    public Task ReloadAsync() => DoAsync("reload");

    /// <summary>Saves a picture.</summary>
    public Task PictureAsync(string path, bool whole = false) => DoAsync("picture", new JsonObject { ["path"] = path, ["whole"] = whole });

    /// <summary>The texts of all that a selector names.</summary>
    public async Task<string[]> TextsAsync(string selector) => (await DoAsync("text", new JsonObject { ["selector"] = selector })).Deserialize<string[]>()!;

    /// <summary>The text of what a selector names.</summary>
    public async Task<string> TextAsync(string selector) => (await TextsAsync(selector)).Single();

    /// <summary>An attribute of all that a selector names.</summary>
    public async Task<string[]> AttributesAsync(string selector, string name) =>
        (await DoAsync("attribute", new JsonObject { ["selector"] = selector, ["name"] = name })).Deserialize<string[]>()!;

    /// <summary>Asks the page itself.</summary>
    public async Task<T> AskAsync<T>(string script) => (await DoAsync("run", new JsonObject { ["script"] = script })).Deserialize<T>()!;

    /// <summary>The server will hear the next call of a path, such as `**/orders/1:refund`, and its answer will be lost.</summary>
    public Task LoseAnswerAsync(string path) => DoAsync("loseAnswer", new JsonObject { ["path"] = path });

    /// <summary>Does what a dialog asks for, for a reason.</summary>
    public async Task ConfirmAsync(string reason)
    {
        await TypeAsync("#reason", reason);
        await ClickAsync("#ask [data-action=go]");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var problems = (await DoAsync("problems")).Deserialize<string[]>()!;
        await DoAsync("close");
        Assert.DoesNotContain(problems, problem => !_expected.Any(problem.Contains));
    }

    /// <summary>Has something done.</summary>
    internal Task<JsonNode?> DoAsync(string verb, JsonObject? request = null)
    {
        request ??= [];
        (request["verb"], request["page"]) = (verb, id);
        return browser.DoAsync(request);
    }
}
