using System.Net;
using System.Text.RegularExpressions;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>The files of the live board over HTTP: what everybody may read, and what a browser is told about them.</summary>
public sealed partial class LiveBoardPageTests
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    [Fact]
    public async Task Every_file_is_there_under_a_strict_policy_and_names_only_files_that_are()
    {
        await using var app = await ChargingApp.StartAsync();
        var (found, left) = (new Dictionary<string, string>(), new Queue<string>(["/"]));
        while (left.TryDequeue(out var path))
        {
            using var answer = await app.Http.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.OK), (path, answer.StatusCode));
            Assert.Equal(Policy, answer.Headers.GetValues("Content-Security-Policy").Single());
            Assert.Equal(("nosniff", "no-referrer"), (answer.Headers.GetValues("X-Content-Type-Options").Single(), answer.Headers.GetValues("Referrer-Policy").Single()));
            Assert.True(answer.Headers.CacheControl!.NoCache);
            Assert.Equal(
                Path.GetExtension(path) switch { ".js" => "text/javascript", ".css" => "text/css", ".svg" => "image/svg+xml", _ => "text/html" },
                answer.Content.Headers.ContentType!.MediaType);
            found[path] = await answer.Content.ReadAsStringAsync();
            foreach (var named in Named().Matches(found[path]).Select(match => "/board/" + match.Groups["file"].Value).Where(named => !found.ContainsKey(named) && !left.Contains(named)))
                left.Enqueue(named);
        }
        Assert.True(found.Count > 10, string.Join(' ', found.Keys));
        // Nothing that the policy would forbid, and nothing that reads text as a document.
        Assert.Matches("<script type=\"module\" src=\"/board/board.js\"></script>", found["/"]);
        Assert.Single(Regex.Matches(found["/"], "<script"));
        Assert.DoesNotMatch(@"<style|\sstyle=|\son\w+=", found["/"]);
        Assert.All(found.Where(file => file.Key.EndsWith(".js", StringComparison.Ordinal)), file => Assert.DoesNotMatch("innerHTML|outerHTML|insertAdjacentHTML|document.write|eval|localStorage|cookie", file.Value));
    }

    [Fact]
    public async Task A_file_that_the_browser_has_is_not_sent_again()
    {
        await using var app = await ChargingApp.StartAsync();
        using var first = await app.Http.GetAsync("/board/board.js");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/board/board.js");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await app.Http.SendAsync(request);
        Assert.Equal((HttpStatusCode.NotModified, ""), (second.StatusCode, await second.Content.ReadAsStringAsync()));
        using var other = await app.Http.GetAsync("/board/board.css");
        Assert.NotEqual(first.Headers.ETag, other.Headers.ETag);
    }

    [Fact]
    public async Task The_page_is_the_same_for_everybody_and_opens_nothing()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Authorization = new("Bearer", app.Key());
        using var withKey = await app.Http.SendAsync(request);
        var page = await app.Http.GetStringAsync("/");
        Assert.Equal(page, await withKey.Content.ReadAsStringAsync());
        Assert.DoesNotContain(pile.Options.DeviceNo, page);
        Assert.False(withKey.Headers.Contains("Set-Cookie"));
        foreach (var path in new[] { "/ops/v1/whoami", "/ops/v1/piles", "/ops/v1/piles:watch", "/ops/v1/diagnosis" })
            Assert.Equal(HttpStatusCode.Unauthorized, (await app.Http.GetAsync(path)).StatusCode);
    }

    [Theory]
    [InlineData("/board/")]
    [InlineData("/board/nothing.js")]
    [InlineData("/board/index.html")]
    [InlineData("/board/../appsettings.json")]
    [InlineData("/index.html")]
    [InlineData("/nothing")]
    public async Task What_is_no_part_of_it_is_not_there(string path)
    {
        await using var app = await ChargingApp.StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await app.Http.GetAsync(path)).StatusCode);
        using var posted = await app.Http.PostAsync("/", null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
    }

    [GeneratedRegex("""["'](?:/board/|\./)(?<file>[\w.]+)["']""")]
    private static partial Regex Named();
}
