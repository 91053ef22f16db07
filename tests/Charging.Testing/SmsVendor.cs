using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Charging.Testing;

/// <summary>What the double of an SMS vendor does with a good request.</summary>
public enum SmsVendorBehaviour
{
    /// <summary>Delivers the message and says so.</summary>
    Deliver,

    /// <summary>Refuses it because there were too many.</summary>
    Limit,

    /// <summary>Refuses it.</summary>
    Refuse,

    /// <summary>Delivers it and answers HTTP 500.</summary>
    Fail,

    /// <summary>Delivers it and does not answer until the caller gives up.</summary>
    Silent,

    /// <summary>Delivers it and cuts the connection without an answer.</summary>
    Cut,

    /// <summary>Delivers it and stops in the middle of its answer, until the caller gives up.</summary>
    HalfAnswer,

    /// <summary>Points to another address.</summary>
    Redirect,
}

/// <summary>What a vendor says to one request.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
/// <param name="Phone">Whom the message is for, if it was taken.</param>
/// <param name="Code">What it says.</param>
public sealed record SmsVendorReply(int Status, string Body, string? Phone = null, string? Code = null);

/// <summary>An SMS vendor that speaks HTTP on loopback, and delivers to the test.</summary>
public abstract class SmsVendor : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Phone, string Code)> _delivered = new();
    private readonly WebApplication _app;
    private int _requests;

    /// <summary>Starts to listen.</summary>
    protected SmsVendor()
    {
        // Empty, so that no settings file of the server under test opens its ports here.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    /// <summary>What it does with the next messages.</summary>
    public SmsVendorBehaviour Behaviour { get; set; }

    /// <summary>How many requests it has had, whatever it made of them.</summary>
    public int Requests => _requests;

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app.Urls.Single());

    /// <summary>Every code that a phone was sent, oldest first.</summary>
    public IReadOnlyList<string> CodesFor(string phone) => [.. _delivered.Where(d => d.Phone == phone).Select(d => d.Code)];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Listens; the address is known after that.</summary>
    protected Task ListenAsync() => _app.StartAsync();

    /// <summary>Judges a request as the vendor would.</summary>
    protected abstract SmsVendorReply Judge(HttpRequest request, byte[] body);

    private async Task ServeAsync(HttpContext context)
    {
        Interlocked.Increment(ref _requests);
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var reply = Judge(context.Request, body.ToArray());
        if (reply.Phone is not null)
            _delivered.Enqueue((reply.Phone, reply.Code!));
        await AnswerAsync(context, reply);
    }

    private async Task AnswerAsync(HttpContext context, SmsVendorReply reply)
    {
        var text = Encoding.UTF8.GetBytes(reply.Body);
        context.Response.StatusCode = reply.Status;
        context.Response.ContentLength = text.Length;
        switch (Behaviour)
        {
            case SmsVendorBehaviour.Silent:
                await GivenUpAsync(context);
                return;
            case SmsVendorBehaviour.Cut:
                context.Abort();
                return;
            case SmsVendorBehaviour.HalfAnswer:
                context.Response.ContentLength = text.Length + 100;
                await context.Response.Body.WriteAsync(text);
                await context.Response.Body.FlushAsync();
                await GivenUpAsync(context);
                return;
            case SmsVendorBehaviour.Redirect:
                context.Response.Headers.Location = new Uri(Address, "/elsewhere").ToString();
                break;
        }
        await context.Response.Body.WriteAsync(text);
    }

    private static async Task GivenUpAsync(HttpContext context)
    {
        var givenUp = new TaskCompletionSource();
        await using var registration = context.RequestAborted.Register(givenUp.SetResult);
        await givenUp.Task;
    }
}
