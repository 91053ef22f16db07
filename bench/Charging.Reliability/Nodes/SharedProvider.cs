using System.Net.Http.Json;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Reliability.Nodes;

/// <summary>One provider for all nodes, and its books: the sandbox, over HTTP.</summary>
internal sealed class SharedProvider : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SharedProvider(WebApplication app) => _app = app;

    /// <summary>The books.</summary>
    public SandboxPaymentProvider Books { get; } = new(new PaymentOptions()) { Mode = SandboxMode.Refuse };

    /// <summary>Where it is.</summary>
    public string Url => _app.Urls.Single();

    public static async Task<SharedProvider> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var provider = new SharedProvider(builder.Build());
        var books = provider.Books;
        provider._app.MapPost("/query", Answer<string, PaymentAnswer>(no => books.QueryAsync(no, null, default)));
        provider._app.MapPost("/refund", Answer<RefundRequest, RefundState>(refund => books.RefundAsync(refund, default)));
        provider._app.MapPost("/queryRefund", Answer<string, RefundState>(no => books.QueryRefundAsync(no, default)));
        provider._app.MapPost("/close", Answer<string, bool>(async no =>
        {
            await books.CloseAsync(no, default);
            return true;
        }));
        await provider._app.StartAsync();
        return provider;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static RequestDelegate Answer<TAsked, TAnswer>(Func<TAsked, Task<TAnswer>> answer) => async http =>
    {
        var asked = await http.Request.ReadFromJsonAsync<TAsked>();
        await http.Response.WriteAsJsonAsync(await answer(asked!));
    };
}

/// <summary>The node's side of it.</summary>
internal sealed class SharedProviderClient(string url) : IPaymentProvider
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(5) };

    public Task<PaymentParameters> PrepayAsync(PrepayRequest payment, CancellationToken cancellationToken) =>
        throw new PaymentRefusedException("Riders of these runs pay elsewhere.");

    public Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken) =>
        AskAsync<string, PaymentAnswer>("query", orderNo, cancellationToken);

    public Task CloseAsync(string orderNo, CancellationToken cancellationToken) => AskAsync<string, bool>("close", orderNo, cancellationToken);

    public Task<RefundState> RefundAsync(RefundRequest refund, CancellationToken cancellationToken) =>
        AskAsync<RefundRequest, RefundState>("refund", refund, cancellationToken);

    public Task<RefundState> QueryRefundAsync(string refundNo, CancellationToken cancellationToken) =>
        AskAsync<string, RefundState>("queryRefund", refundNo, cancellationToken);

    public Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<BillLine>?>(null);

    private async Task<TAnswer> AskAsync<TAsked, TAnswer>(string what, TAsked asked, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.PostAsJsonAsync(what, asked, cancellationToken);
            response.EnsureSuccessStatusCode();
            return (await response.Content.ReadFromJsonAsync<TAnswer>(cancellationToken))!;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new ProviderUnavailableException(e.Message);
        }
    }
}

/// <summary>A node of these runs: the server, with that provider.</summary>
internal static class NodeProgram
{
    public static async Task<int> RunAsync(string url, string[] args)
    {
        await using var app = Program.Build(args, builder => builder.Services.AddSingleton<IPaymentProvider>(new SharedProviderClient(url)));
        await app.RunAsync();
        return 0;
    }
}
