using System.Reflection;
using System.Text.RegularExpressions;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Documents;

/// <summary>The documents say what the code does.</summary>
public sealed partial class ReadmeTests
{
    public static TheoryData<string> Documents => [.. Repository.Files("", "*.md")];

    [Theory]
    [InlineData("README.md")]
    [InlineData("README.zh-CN.md")]
    public void The_table_of_settings_is_what_the_server_reads(string document)
    {
        var table = Settings(Repository.Read(document));
        var read = ConfigurationKeys.Read();

        Assert.Equal(read.Keys.Order(StringComparer.Ordinal), table.Keys.Order(StringComparer.Ordinal));
        Assert.All(read.Where(setting => setting.Value is not null), setting => Assert.StartsWith($"`{setting.Value}`", table[setting.Key]));
    }

    [Fact]
    public void Both_readmes_have_the_same_commands() =>
        Assert.Equal(CodeBlocks(Repository.Read("README.md")), CodeBlocks(Repository.Read("README.zh-CN.md")));

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_lead_somewhere(string document)
    {
        var folder = Path.GetDirectoryName(document)!;
        var links = Link().Matches(CodeBlock().Replace(Repository.Read(document), ""));

        Assert.All(links, link =>
        {
            var target = link.Groups["path"].Value is { Length: > 0 } path ? Path.Combine(folder, path) : document;
            var full = Path.Combine(Repository.Root, target);
            Assert.True(File.Exists(full) || Directory.Exists(full), $"{link.Value} leads nowhere.");
            if (link.Groups["anchor"].Value is { Length: > 0 } anchor)
                Assert.Contains(anchor, Heading().Matches(Repository.Read(target)).Select(heading => Slug(heading.Groups["text"].Value)));
        });
    }

    [Fact]
    public void The_api_page_has_every_route_and_every_code()
    {
        var page = Repository.Read("docs/mini-program-api.md");
        var headings = string.Join('\n', Heading().Matches(page).Select(heading => heading.Groups["text"].Value));
        var codes = typeof(ResultCode).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (ResultCode)field.GetValue(null)!);

        Assert.All(Routes.All.Keys, route => Assert.Contains($" {route}", headings));
        Assert.All([.. codes, ResultCode.StartFailed("…")], code => Assert.Contains($"| {code.Code} | {code.Message} |", page));
    }

    [Fact]
    public void The_tour_shows_the_moves_of_an_order()
    {
        var drawn = Move().Matches(Repository.Read("docs/tour.md")).Select(m => $"{m.Groups["from"].Value} to {m.Groups["to"].Value}");
        var legal =
            from source in Enum.GetValues<OrderState>()
            from target in Enum.GetValues<OrderState>()
            where OrderMoves.IsLegal(source, target)
            select $"{source} to {target}";

        Assert.Equal(legal.Order(StringComparer.Ordinal), drawn.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_tour_names_files_that_are_there()
    {
        var files = Repository.Files("", "*.*").Select(path => "/" + path).ToList();
        var named = SourceFile().Matches(Repository.Read("docs/tour.md")).Select(m => m.Groups["path"].Value).Distinct();

        Assert.All(named, path => Assert.Contains(files, file => file.EndsWith("/" + path, StringComparison.Ordinal)));
    }

    private static Dictionary<string, string> Settings(string document) =>
        SettingRow().Matches(document).ToDictionary(row => row.Groups["key"].Value, row => row.Groups["default"].Value);

    private static string[] CodeBlocks(string document) => [.. CodeBlock().Matches(document).Select(block => block.Value)];

    private static string Slug(string heading) => NotInSlug().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"^\| `(?<key>(Charging|Kestrel):[^`]+)` \| (?<default>[^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex SettingRow();

    [GeneratedRegex(@"^```.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\]\((?!https?:|mailto:)(?<path>[^)#\s]*)(#(?<anchor>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInSlug();

    [GeneratedRegex(@"^\s+(?<from>\w+) --> (?<to>\w+)(:.*)?$", RegexOptions.Multiline)]
    private static partial Regex Move();

    [GeneratedRegex(@"`(?<path>[\w./]+\.(cs|proto))`")]
    private static partial Regex SourceFile();
}
